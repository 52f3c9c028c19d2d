"""How long points last: four ways, fixed on the day they are earned, and a tier may differ."""

from datetime import date

import pytest

from loyalty.programme.document import InvalidProgramme, parse
from loyalty.programme.earning import last_day
from loyalty.programme.sentences import expiry_sentence
from tests.factories.shop import STARTERS

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
MONTHS = "expire_after_months = 12"


def rules(expiry, *, gold=""):
    """The café's rules with another expiry, and one more line in the gold tier."""
    return parse(
        CAFE.replace(MONTHS, expiry).replace("multiplier = 1.5", f"multiplier = 1.5\n{gold}")
    )


def ends(programme, *earned_on, tier="moi"):
    return [last_day(programme, earned_on=day, tier=programme.tier(tier)) for day in earned_on]


def test_months_run_to_the_end_of_the_month():
    assert ends(rules(MONTHS), date(2026, 11, 22), date(2026, 12, 31), date(2027, 2, 1)) == [
        date(2027, 11, 30),
        date(2027, 12, 31),
        date(2028, 2, 29),
    ]


def test_days_are_counted_from_the_day_after():
    assert ends(rules("expire_after_days = 90"), date(2026, 11, 22)) == [date(2027, 2, 20)]


def test_points_may_last_for_ever():
    assert ends(rules(""), date(2026, 1, 1)) == [None]
    assert ends(rules("never_expire = true"), date(2026, 1, 1)) == [None]


def test_one_date_each_year_ends_the_points_earned_before_it_and_on_it():
    programme = rules('expire_each_year_on = "31/3"')

    assert ends(programme, date(2026, 11, 22), date(2027, 3, 31), date(2027, 4, 1)) == [
        date(2027, 3, 31),
        date(2027, 3, 31),
        date(2028, 3, 31),
    ]


def test_points_earned_just_before_the_yearly_date_may_last_until_the_next():
    programme = rules('expire_each_year_on = "31/12"\nlast_at_least_days = 30')

    assert ends(programme, date(2026, 12, 1), date(2026, 12, 2), date(2027, 1, 1)) == [
        date(2026, 12, 31),
        date(2027, 12, 31),
        date(2027, 12, 31),
    ]


def test_a_tier_may_have_an_expiry_of_its_own():
    programme = rules("expire_after_months = 6", gold="never_expire = true")

    assert ends(programme, date(2026, 11, 22)) == [date(2027, 5, 31)]
    assert ends(programme, date(2026, 11, 22), tier="vang") == [None]


def test_inactivity_counts_from_the_last_purchase_by_the_same_formula_as_the_lot():
    programme = rules("expire_after_inactive_months = 12")

    assert ends(programme, date(2026, 11, 22)) == [date(2027, 11, 30)]
    assert programme.expiry.active_until(date(2027, 11, 30)) == date(2028, 11, 30)


@pytest.mark.parametrize(
    ("bought_on", "kept_through"),
    [
        (date(2026, 1, 1), date(2027, 12, 31)),
        (date(2026, 12, 31), date(2027, 12, 31)),
        (date(2027, 1, 1), date(2028, 12, 31)),
    ],
)
def test_a_purchase_in_the_year_keeps_points_through_the_next_yearly_date(bought_on, kept_through):
    programme = rules('expire_each_year_on = "31/12"\nunless_active = true')

    assert ends(programme, bought_on) == [bought_on.replace(month=12, day=31)]
    assert programme.expiry.active_until(bought_on) == kept_through


def test_the_year_of_a_yearly_date_ends_on_it_not_on_new_years_eve():
    programme = rules('expire_each_year_on = "31/3"\nunless_active = true')

    assert programme.expiry.active_until(date(2026, 3, 31)) == date(2027, 3, 31)
    assert programme.expiry.active_until(date(2026, 4, 1)) == date(2028, 3, 31)


@pytest.mark.parametrize(
    "expiry",
    ["", "expire_after_days = 90", "expire_after_months = 12", 'expire_each_year_on = "31/12"'],
)
def test_without_an_inactivity_rule_no_purchase_prolongs_anything(expiry):
    assert rules(expiry).expiry.active_until(date(2026, 11, 22)) is None


@pytest.mark.parametrize(
    ("expiry", "gold", "vietnamese", "english"),
    [
        (
            "expire_after_inactive_months = 12",
            "",
            "Điểm dùng được 12 tháng kể từ lần mua gần nhất, tính đến cuối tháng.",
            "Points last 12 months from the last purchase, to the end of that month.",
        ),
        (
            'expire_each_year_on = "31/12"\nunless_active = true',
            "",
            "Điểm dùng được đến hết ngày 31/12 mỗi năm."
            " Trong năm ấy có mua hàng thì điểm được giữ thêm một năm.",
            "Points can be used through 31/12 each year."
            " Whoever bought something in that year keeps them a year longer.",
        ),
        ("", "", "Điểm không hết hạn.", "Points never expire."),
        ("expire_after_days = 90", "", "Điểm dùng được 90 ngày.", "Points last 90 days."),
        (
            'expire_each_year_on = "4/4"',
            "",
            "Điểm dùng được đến hết ngày 04/04 mỗi năm.",
            "Points can be used through 04/04 each year.",
        ),
        (
            'expire_each_year_on = "31/12"\nlast_at_least_days = 30',
            "",
            "Điểm dùng được đến hết ngày 31/12 mỗi năm;"
            " điểm tích trong 30 ngày trước đó dùng được đến ngày ấy năm sau.",
            "Points can be used through 31/12 each year;"
            " those earned in the 30 days before it, through the next year's.",
        ),
        (
            "expire_after_months = 6",
            "never_expire = true",
            "Điểm dùng được 6 tháng, tính đến cuối tháng. Vàng: Điểm không hết hạn.",
            "Points last 6 months, to the end of that month. Gold: Points never expire.",
        ),
    ],
)
def test_expiry_in_a_sentence(expiry, gold, vietnamese, english):
    programme = rules(expiry, gold=gold)

    assert expiry_sentence(programme, language="vi") == vietnamese
    assert expiry_sentence(programme, language="en") == english


@pytest.mark.parametrize(
    ("expiry", "error"),
    [
        (
            "expire_after_days = 0",
            "dòng 6: points.expire_after_days: một số nguyên từ 1 đến 3660",
        ),
        (
            'expire_each_year_on = "29/2"',
            'dòng 6: points.expire_each_year_on: ngày và tháng năm nào cũng có, ví dụ "31/12"',
        ),
        (
            "expire_each_year_on = 2026-12-31",
            'dòng 6: points.expire_each_year_on: ngày và tháng năm nào cũng có, ví dụ "31/12"',
        ),
        (
            "expire_after_days = 9\nnever_expire = true",
            "dòng 7: points.never_expire: điểm chỉ hết hạn theo một cách:"
            " đã có expire_after_days ở trên",
        ),
        (
            "expire_after_days = 9\nlast_at_least_days = 3",
            "dòng 7: points.last_at_least_days: chỉ dùng cùng expire_each_year_on",
        ),
        (
            "expire_after_days = 9\nunless_active = true",
            "dòng 7: points.unless_active: chỉ dùng cùng expire_each_year_on",
        ),
        (
            "expire_after_months = 9\nexpire_after_inactive_months = 3",
            "dòng 7: points.expire_after_inactive_months: điểm chỉ hết hạn theo một cách:"
            " đã có expire_after_months ở trên",
        ),
        ("never_expire = false", "dòng 6: points.never_expire: true, hoặc bỏ dòng này"),
    ],
)
def test_a_mistake_in_expiry_is_named(expiry, error):
    with pytest.raises(InvalidProgramme) as refused:
        rules(expiry)

    assert refused.value.errors == [error]
