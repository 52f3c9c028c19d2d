"""Many rules at once: which hold, what they come to together, and how a customer reads them."""

from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.document import InvalidProgramme, parse
from loyalty.programme.earning import earn
from loyalty.programme.estimates import money_for_points
from loyalty.programme.sentences import earn_sentence, rule_sentences
from tests.factories.shop import STARTERS

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
TUESDAY_AT_THREE = datetime(2026, 11, 24, 15, 0, tzinfo=SAIGON)
CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
TUESDAY = """
[[earn]]
key = "thu-ba"
name = "Thứ Ba vui vẻ"
name_en = "Happy Tuesday"
multiplier = 2
weekdays = ["tue"]
hours = ["14:00-17:00"]
"""
BILL = """
[[earn]]
key = "hoa-don"
name = "Quà hoá đơn"
points = 5
per = "order"
min_order_minor = 200_000
"""


def cafe(*more):
    return parse(CAFE + "".join(more))


def points(programme, amount_minor=100_000, *, at=TUESDAY_AT_THREE, tier="moi", branch=""):
    basket = Basket.of_total(amount_minor, at, branch)
    return earn(programme, basket=basket, buyer=Buyer(tier)).points


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((24, 13, 59), 10),
        ((24, 14, 0), 20),
        ((24, 16, 59), 20),
        ((24, 17, 0), 10),
        ((25, 15, 0), 10),
    ],
)
def test_a_bonus_day_holds_within_its_hours(at, expected):
    day, hour, minute = at

    assert (
        points(cafe(TUESDAY), at=datetime(2026, 11, day, hour, minute, tzinfo=SAIGON)) == expected
    )


def test_a_multiplier_and_the_tier_multiply_together_and_are_rounded_once():
    assert points(cafe(TUESDAY), 68_000, tier="bac") == 14  # 6 × 2 × 1.2 = 14.4


def test_points_for_the_bill_come_on_top_from_its_smallest_amount():
    assert [points(cafe(BILL), amount) for amount in (199_999, 200_000)] == [19, 25]


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-11-30", 10), ("2026-12-01", 20), ("2026-12-31", 20), ("2027-01-01", 10)],
)
def test_dates_are_whole_days_of_the_shop_and_both_included(day, expected):
    season = '[[earn]]\nname = "Tết"\nmultiplier = 2\nfrom = 2026-12-01\nto = 2026-12-31\n'
    late = datetime.combine(date.fromisoformat(day), datetime.max.time(), tzinfo=SAIGON)

    assert points(cafe(season), at=late) == expected


def test_a_rule_may_ask_for_a_branch_or_a_tier():
    branch = '[[earn]]\nname = "Khai trương"\nmultiplier = 3\nbranches = ["quan-1"]\n'
    tier = '[[earn]]\nname = "Khách Vàng"\npoints = 7\nper = "order"\ntiers = ["vang"]\n'

    assert [points(cafe(branch), branch=key) for key in ("", "quan-1", "quan-3")] == [10, 30, 10]
    assert [points(cafe(tier), tier=key) for key in ("bac", "vang")] == [12, 25]  # (10 + 7) × 1.5


def test_of_two_that_do_not_stack_the_one_of_higher_priority_counts():
    def times(number, priority, stackable):
        return (
            f'[[earn]]\nkey = "x{number}"\nname = "×{number}"\nmultiplier = {number}\n'
            f"priority = {priority}\nstackable = {stackable}\n"
        )

    assert points(cafe(times(2, 1, "false"), times(3, 2, "false"))) == 30
    assert points(cafe(times(2, 2, "true"), times(3, 1, "false"))) == 20
    assert points(cafe(times(2, 2, "false"), times(3, 1, "true"))) == 20
    assert points(cafe(times(2, 1, "true"), times(3, 1, "true"))) == 60


def test_stop_keeps_later_rules_from_counting():
    only = (
        '[[earn]]\nname = "Chỉ hôm nay"\npoints = 50\nper = "order"\npriority = 9\nstop = true\n'
        "from = 2026-11-24\nto = 2026-11-24\n"
    )

    assert points(cafe(only, TUESDAY)) == 50
    assert points(cafe(only), at=TUESDAY_AT_THREE.replace(day=25)) == 10


def test_a_rule_that_is_switched_off_neither_counts_nor_is_told():
    programme = cafe(TUESDAY + "enabled = false\n")

    assert points(programme) == 10
    assert said(programme, "vi") == ["10.000đ = 1 điểm"]


@given(st.integers(0, 10**12), st.sampled_from(["moi", "bac", "vang"]), st.integers(0, 23))
def test_the_explanation_recomputes_to_the_points(amount, tier, hour):
    programme = cafe(TUESDAY, BILL)
    basket = Basket.of_total(amount, TUESDAY_AT_THREE.replace(hour=hour))

    earning = earn(programme, basket=basket, buyer=Buyer(tier))

    why = earning.explanation
    exact = sum(Fraction(rule["gives"]) for rule in why["rules"]) * Fraction(why["multiplier"])
    for rule in why["multipliers"]:
        exact *= Fraction(rule["times"])
    assert earning.points == why["points"] == exact.numerator // exact.denominator
    assert [rule["key"] for rule in why["multipliers"]] == (["thu-ba"] if 14 <= hour < 17 else [])


def said(programme, language):
    return rule_sentences(
        programme,
        currency="VND",
        language=language,
        on=date(2026, 11, 22),
        branch_names={"quan-1": "Quận 1"},
    )


def test_each_rule_is_one_plain_sentence():
    programme = cafe(
        TUESDAY,
        BILL,
        '[[earn]]\nname = "Khai trương"\nname_en = "Opening"\nmultiplier = 1.5\n'
        'from = 2026-12-01\nto = 2026-12-31\nbranches = ["quan-1"]\ntiers = ["bac", "vang"]\n'
        "stackable = false\nstop = true\n",
    )

    assert said(programme, "vi") == [
        "10.000đ = 1 điểm",
        "Thứ Ba vui vẻ: điểm × 2, vào thứ 3, từ 14:00 đến 17:00",
        "mỗi hoá đơn = 5 điểm, hoá đơn từ 200.000đ",
        "Khai trương: điểm × 1,5, cho hạng Bạc, Vàng, tại Quận 1, từ ngày 01/12/2026,"
        " đến hết 31/12/2026, không cộng cùng ưu đãi khác, khi đó không tính thêm gì nữa",
    ]
    assert said(programme, "en") == [
        "10,000đ = 1 point",
        "Happy Tuesday: points × 2, on Tuesday, from 14:00 to 17:00",
        "each bill = 5 points, on bills from 200,000đ",
        "Opening: points × 1.5, for Silver, Gold members, at Quận 1, from 1 Dec 2026,"
        " through 31 Dec 2026, not together with another such offer, nothing else counts then",
    ]


def test_what_is_over_is_no_longer_told():
    assert said(cafe('[[earn]]\nname = "Hè"\nmultiplier = 2\nto = 2026-11-21\n'), "vi") == [
        "10.000đ = 1 điểm"
    ]


def test_the_one_sentence_at_the_door_is_what_holds_every_day():
    assert earn_sentence(cafe(TUESDAY, BILL), currency="VND", language="vi") == "10.000đ = 1 điểm"


def test_an_estimate_counts_on_what_holds_every_day_only():
    programme = cafe(TUESDAY, BILL)

    assert money_for_points(programme, points=29, tier=programme.tier("moi")) == 290_000


def test_where_points_do_not_follow_money_there_is_no_estimate():
    programme = parse(CAFE.replace("per_minor = 10_000", 'per = "order"'))

    assert money_for_points(programme, points=29, tier=programme.tier("moi")) is None


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (
            "multiplier = 2\npoints = 1",
            "dòng 57: earn[2].points: không dùng trong quy tắc nhân điểm",
        ),
        (
            'points = 1\nper = "line"',
            'dòng 57: earn[2].per: "order" hoặc "unit"; tích điểm theo tiền thì dùng per_minor',
        ),
        (
            'points = 1\nper = "order"\nper_minor = 5',
            "dòng 58: earn[2].per_minor: không dùng trong quy tắc theo hoá đơn hay theo món",
        ),
        (
            'multiplier = 2\nweekdays = ["tuesday"]',
            "dòng 57: earn[2].weekdays: chọn trong: mon, tue, wed, thu, fri, sat, sun",
        ),
        (
            'multiplier = 2\nhours = ["17:00-14:00"]',
            'dòng 57: earn[2].hours: ví dụ "14:00-17:00", giờ cuối sau giờ đầu',
        ),
        (
            'multiplier = 2\nfrom = "2026-12-01"',
            "dòng 57: earn[2].from: một ngày không có ngoặc kép, ví dụ 2026-12-31",
        ),
        (
            "multiplier = 2\nfrom = 2026-12-01\nto = 2026-11-30",
            "dòng 58: earn[2].to: không được trước ngày đầu",
        ),
        (
            'multiplier = 2\ntiers = ["gold"]',
            "dòng 57: earn[2].tiers: không có hạng nào mang khoá gold",
        ),
        (
            "multiplier = 2\ntiers = []",
            'dòng 57: earn[2].tiers: một danh sách chữ, ví dụ ["a", "b"]',
        ),
        (
            'multiplier = 2\nkey = "mua-hang"',
            "dòng 57: earn[2].key: một quy tắc khác đã có khoá này",
        ),
    ],
)
def test_a_mistake_in_a_rule_is_named_by_line_and_key(rule, error):
    with pytest.raises(InvalidProgramme) as refused:
        cafe(f'[[earn]]\nname = "X"\n{rule}\n')

    assert refused.value.errors == [error]


def test_rules_that_only_multiply_are_refused():
    with pytest.raises(InvalidProgramme, match="cần ít nhất một quy tắc cho điểm"):
        parse(CAFE.replace("points = 1\nper_minor = 10_000", "multiplier = 2"))
