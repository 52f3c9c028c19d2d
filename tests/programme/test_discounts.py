"""Money off: which discounts count, what each takes off every line, and that it sums exactly."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Buyer, Line
from loyalty.programme.birthdays import Birthday
from loyalty.programme.discounts import price
from loyalty.programme.document import InvalidProgramme
from tests.factories.clock import SAIGON
from tests.factories.programmes import ONE_TIER, SILVER, basket, line, programme

NEW, BAC = Buyer("moi"), Buyer("bac")
SALE = '[[discounts]]\nkey = "sale"\nname = "Giảm 10%"\nname_en = "10% off"\npercent = 10\n'
TEA = '[[discounts]]\nkey = "tra"\nname = "Trà"\npercent = 20\ncategories = ["tra"]\n'


def taken(rules, *lines, buyer=NEW, **more):
    """What each line is reduced by, as {key: đồng}."""
    priced = price(rules, basket=basket(*lines, **more), buyer=buyer)
    return [{one.key: one.minor for one in row} for row in priced.discounts]


def test_a_discount_says_its_rule_on_every_line_it_reduces():
    priced = price(programme(SALE), basket=basket(line(68_000), line(32_500)), buyer=NEW)

    assert [one.minor for row in priced.discounts for one in row] == [6_800, 3_250]
    assert priced.discounts[0][0].key == "sale"
    assert [priced.discounts[0][0].label(language) for language in ("vi", "en")] == [
        "Giảm 10%",
        "10% off",
    ]
    assert [one.net_minor for one in priced.basket.lines] == [61_200, 29_250]
    assert (priced.discount_minor, priced.basket.total_minor) == (10_050, 90_450)


def test_without_rules_nothing_is_reduced():
    bill = basket(line(68_000, discount_minor=8_000))

    priced = price(programme(), basket=bill, buyer=NEW)

    assert (priced.discounts, priced.basket.lines) == (((),), bill.lines)


def test_it_comes_after_the_tills_own_discount():
    assert taken(programme(SALE), line(100_000, discount_minor=40_000)) == [{"sale": 6_000}]


def test_it_reduces_only_the_goods_it_is_about():
    lines = [line(50_000, category=" TRA"), line(40_000, category="bánh")]

    assert taken(programme(TEA), *lines) == [{"tra": 10_000}, {}]


def test_the_cap_is_shared_out_over_the_lines_to_the_last_dong():
    capped = programme(SALE + "cap_minor = 10_000\n")

    assert taken(capped, line(50_000), line(50_000)) == [{"sale": 5_000}, {"sale": 5_000}]
    assert taken(capped, line(100_000), line(100_000), line(100_000)) == [
        {"sale": 3_334},
        {"sale": 3_333},
        {"sale": 3_333},
    ]


def test_of_those_that_do_not_stack_the_one_worth_most_for_the_whole_bill_counts():
    rules = programme(SALE, TEA)

    cheap_tea = [line(10_000, category="tra"), line(90_000)]
    dear_tea = [line(60_000, category="tra"), line(40_000)]
    assert taken(rules, *cheap_tea) == [{"sale": 1_000}, {"sale": 9_000}]
    assert taken(rules, *dear_tea) == [{"tra": 12_000}, {}]


def test_between_equals_the_priority_and_then_the_order_decides():
    twin = SALE.replace('"sale"', '"twin"')

    assert taken(programme(SALE, twin), line(10_000)) == [{"sale": 1_000}]
    assert taken(programme(SALE, twin + "priority = 1\n"), line(10_000)) == [{"twin": 1_000}]


def test_stackable_ones_follow_on_what_is_left():
    rules = programme(SALE, TEA + "stackable = true\n")

    assert taken(rules, line(100_000, category="tra"), line(50_000)) == [
        {"sale": 10_000, "tra": 18_000},
        {"sale": 5_000},
    ]


def test_one_that_stops_keeps_away_those_asked_after_it_where_it_has_goods():
    first = TEA + "priority = 5\nstop = true\nstackable = true\n"

    assert taken(programme(SALE, first), line(90_000)) == [{"sale": 9_000}]
    assert taken(programme(SALE, first), line(10_000, category="tra"), line(90_000)) == [
        {"tra": 2_000},
        {},
    ]


def test_a_free_unit_is_not_discounted_again():
    gift, half_free = line(30_000, discount_minor=30_000), line(30_000, quantity="2")
    half_free = replace(half_free, discount_minor=30_000)

    assert taken(programme(SALE), gift, half_free) == [{}, {"sale": 3_000}]


def test_a_rule_asks_for_days_a_code_a_tier_or_a_smallest_bill():
    rules = {
        "from": programme(SALE + "from = 2026-11-25\n"),
        "code": programme(SALE + 'code = "tet26"\n'),
        "tiers": programme(SALE + 'tiers = ["bac"]\n'),
        "min": programme(SALE + "min_order_minor = 50_000\n"),
        "off": programme(SALE + "enabled = false\n"),
    }
    bill, off = line(49_999), [{}]
    tomorrow = datetime(2026, 11, 25, 0, 0, tzinfo=SAIGON)

    assert taken(rules["from"], bill) == off
    assert taken(rules["from"], bill, at=tomorrow) == [{"sale": 5_000}]
    assert taken(rules["code"], bill, codes="TET25") == off
    assert taken(rules["code"], bill, codes="TET26 X") == [{"sale": 5_000}]
    assert taken(rules["tiers"], bill) == off
    assert taken(rules["tiers"], bill, buyer=BAC) == [{"sale": 5_000}]
    assert taken(rules["tiers"], bill, buyer=Buyer("")) == off
    assert taken(rules["min"], bill) == off
    assert taken(rules["min"], line(50_000)) == [{"sale": 5_000}]
    assert taken(rules["off"], bill) == off


def test_the_smallest_bill_looks_at_the_total_before_the_programmes_discounts():
    both = programme(
        SALE, TEA.replace("20", "50") + "stackable = true\nmin_order_minor = 100_000\n"
    )

    assert taken(both, line(100_000, category="tra")) == [{"sale": 10_000, "tra": 45_000}]
    assert taken(both, line(100_000, category="tra", discount_minor=1)) == [{"sale": 10_000}]


def test_a_tier_has_discounts_free_shipping_and_perks_of_its_own():
    of_tier = SILVER + (
        'free_shipping = true\nperks = ["Gói quà"]\nperks_en = ["Gift wrapping"]\n'
        '[[tiers.discounts]]\nkey = "bac-5"\nname = "Hạng Bạc"\npercent = 5\n'
    )
    rules = programme(tiers=ONE_TIER + of_tier)
    bill = basket(line(100_000), shipping_minor=30_000)

    priced = [price(rules, basket=bill, buyer=buyer) for buyer in (NEW, BAC, Buyer(""))]

    assert [one.free_shipping for one in priced] == [False, True, False]
    assert [one.basket.shipping_minor for one in priced] == [30_000, 0, 30_000]
    assert [one.discount_minor for one in priced] == [0, 5_000, 0]
    assert rules.tier("bac").perks_for("en") == ("Gift wrapping",)
    assert rules.tier("bac").perks_for("vi") == ("Gói quà",)


def test_the_tax_in_a_line_shrinks_with_its_price():
    priced = price(programme(SALE), basket=basket(line(108_000, tax_minor=8_000)), buyer=NEW)

    assert priced.basket.lines[0].tax_minor == 7_200


def test_goods_that_do_not_count_for_the_tier_are_left_out_of_what_counts():
    mark = '[[marks]]\nname = "Thẻ quà"\nlabels = ["the-qua"]\ncounts_for_tier = false\n'
    bill = basket(line(100_000), line(200_000, labels="the-qua"))

    priced = price(programme(SALE, mark), basket=bill, buyer=NEW)

    assert (priced.basket.total_minor, priced.tier_minor) == (270_000, 90_000)


LINES = st.lists(
    st.builds(
        lambda unit, quantity, off, category: replace(
            Line(unit, Decimal(quantity).scaleb(-3), category=category),
            discount_minor=int(Line(unit, Decimal(quantity).scaleb(-3)).full_minor * off // 100),
        ),
        st.integers(0, 10**9),
        st.integers(1, 10**6),
        st.integers(0, 100),
        st.sampled_from(["", "tra"]),
    ),
    max_size=8,
)


@given(
    LINES,
    st.decimals("0.01", 100, places=2),
    st.integers(1, 10**9),
    st.booleans(),
)
def test_the_lines_sum_to_the_bill_and_none_falls_below_zero(lines, percent, cap, stackable):
    rules = programme(
        SALE.replace("= 10\n", f"= {percent}\ncap_minor = {cap}\n"),
        TEA + f"stackable = {str(stackable).lower()}\n",
    )
    bill = basket(*lines)

    priced = price(rules, basket=bill, buyer=NEW)

    assert priced.basket.total_minor == bill.total_minor - priced.discount_minor
    assert all(one.net_minor >= 0 for one in priced.basket.lines)
    by_sale = sum(one.minor for row in priced.discounts for one in row if one.key == "sale")
    assert by_sale <= cap
    for before, after, row in zip(lines, priced.basket.lines, priced.discounts, strict=True):
        assert before.net_minor - after.net_minor == sum(one.minor for one in row)
        assert all(one.minor > 0 for one in row)


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (TEA.replace("= 20", "= 0"), "dòng 4: discounts[1].percent: một số trên 0"),
        (TEA.replace("percent = 20\n", ""), "dòng 1: discounts[1].percent: một số trên 0"),
        (TEA + "cap = 1\n", "dòng 6: discounts[1].cap: không có khoá này"),
        (TEA + TEA, "dòng 7: discounts[2].key: một ưu đãi khác đã có khoá này"),
        (TEA + 'tiers = ["vip"]\n', "dòng 6: discounts[1].tiers: không có hạng nào mang khoá vip"),
        (TEA + 'code = "ă"\n', "dòng 6: discounts[1].code: 2 đến 30 chữ cái A-Z, chữ số và -"),
        ("discounts = 5\n", "dòng 1: discounts: cần các bảng: [[discounts]]"),
    ],
)
def test_a_mistake_in_a_discount_is_named_by_line_and_key(rules, error):
    with pytest.raises(InvalidProgramme) as refused:
        programme(rules)

    assert len(refused.value.errors) == 1
    assert refused.value.errors[0].startswith(error)


def test_tiers_may_share_a_key_but_not_with_a_discount_for_all():
    of_tier = '[[tiers.discounts]]\nkey = "sale"\nname = "X"\npercent = 5\n'
    shared = ONE_TIER + of_tier + SILVER + of_tier

    assert [len(tier.discounts) for tier in programme(tiers=shared).tiers] == [1, 1]
    with pytest.raises(InvalidProgramme, match="một ưu đãi khác đã có khoá này"):
        programme(SALE, tiers=shared)
    with pytest.raises(InvalidProgramme, match=r"tiers\[1\]\.discounts\[1\]\.tiers: không có khoá"):
        programme(tiers=ONE_TIER + of_tier + 'tiers = ["bac"]\n' + SILVER)


BIRTHDAY = SALE.replace('"sale"', '"sinh-nhat"') + "birthday = {before = 3, after = 3}\n"


def on(day):
    return datetime.fromisoformat(f"{day}T12:00:00+07:00")


@pytest.mark.parametrize(
    ("day", "used"),
    [
        ("2026-12-28", None),
        ("2026-12-29", "sinh-nhat:2027"),  # The window of 1 January 2027 has begun.
        ("2027-01-04", "sinh-nhat:2027"),
        ("2027-01-05", None),
    ],
)
def test_a_birthday_discount_holds_around_the_birthday_and_names_the_occasion(day, used):
    buyer = Buyer("moi", birthday=Birthday(1, 1))

    priced = price(programme(BIRTHDAY), basket=basket(line(50_000), at=on(day)), buyer=buyer)

    assert priced.used == frozenset({used} if used else ())
    assert priced.discount_minor == (5_000 if used else 0)


def test_a_birthday_discount_is_had_once_for_each_birthday():
    rules, bill = programme(BIRTHDAY), basket(line(50_000), at=on("2027-01-02"))

    def off(*used):
        buyer = Buyer("moi", birthday=Birthday(1, 1), used=frozenset(used))
        return price(rules, basket=bill, buyer=buyer).discount_minor

    assert [off(), off("sinh-nhat:2026"), off("sinh-nhat:2027")] == [5_000, 5_000, 0]


def test_a_birthday_discount_that_another_one_beats_is_not_used_up():
    better = SALE.replace("= 10\n", "= 20\n")
    buyer = Buyer("moi", birthday=Birthday(1, 1))
    bill = basket(line(50_000), at=on("2027-01-01"))

    priced = price(programme(BIRTHDAY, better), basket=bill, buyer=buyer)

    assert (priced.discount_minor, priced.used) == (10_000, frozenset())


def test_who_told_no_birthday_has_none():
    bill = basket(line(50_000), at=on("2027-01-01"))

    assert price(programme(BIRTHDAY), basket=bill, buyer=NEW).discount_minor == 0


def test_a_birthday_may_be_lunar_and_29_february_comes_every_year():
    rules = programme(BIRTHDAY.replace("{before = 3, after = 3}", '"day"'))
    leap = programme(
        '[birthdays]\nleap_day = "01/03"\n', BIRTHDAY.replace("{before = 3, after = 3}", '"day"')
    )
    moon = Buyer("moi", birthday=Birthday(15, 8, lunar=True))
    leapling = Buyer("moi", birthday=Birthday(29, 2))

    def used(document, buyer, day):
        return sorted(price(document, basket=basket(line(1_000), at=on(day)), buyer=buyer).used)

    assert used(rules, moon, "2026-09-25") == ["sinh-nhat:2026"]
    assert used(rules, moon, "2026-09-26") == []
    assert used(rules, leapling, "2027-02-28") == ["sinh-nhat:2027"]
    assert used(leap, leapling, "2027-02-28") == []
    assert used(leap, leapling, "2027-03-01") == ["sinh-nhat:2027"]


def test_what_was_used_up_in_one_tier_is_used_up_in_the_next():
    of_tier = (
        '[[tiers.discounts]]\nkey = "sinh-nhat"\nname = "Sinh nhật"\npercent = 5\n'
        'birthday = "month"\n'
    )
    rules = programme(tiers=ONE_TIER + of_tier + SILVER + of_tier.replace("= 5", "= 10"))
    bill = basket(line(100_000), at=on("2026-11-30"))
    born = Birthday(1, 11)

    first = price(rules, basket=bill, buyer=Buyer("moi", birthday=born))
    risen = price(rules, basket=bill, buyer=Buyer("bac", birthday=born, used=first.used))

    assert (first.discount_minor, risen.discount_minor) == (5_000, 0)
    assert price(rules, basket=bill, buyer=Buyer("bac", birthday=born)).discount_minor == 10_000
