"""The arithmetic of points: exact, explained, and never more by splitting a bill."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.document import Rounding, RoundingStage, parse
from loyalty.programme.earning import earn, last_day
from loyalty.programme.sentences import earn_sentence, expiry_sentence, tier_sentence
from tests.factories.shop import STARTERS

CAFE = parse((STARTERS / "cafe.toml").read_text(encoding="utf-8"))
NEW, SILVER, GOLD, DIAMOND = CAFE.tiers
AMOUNTS = st.integers(min_value=0, max_value=10**12)


@pytest.mark.parametrize(
    ("amount_minor", "tier", "points"),
    [
        (0, NEW, 0),
        (9_999, NEW, 0),
        (10_000, NEW, 1),
        (68_000, NEW, 6),
        (68_000, SILVER, 7),  # 6 × 1.2 = 7.2
        (115_000, SILVER, 13),  # 11 × 1.2 = 13.2
        (54_000, GOLD, 7),  # 5 × 1.5 = 7.5
        (99_999, DIAMOND, 18),
        (10**12, DIAMOND, 200_000_000),
    ],
)
def test_whole_steps_first_then_the_multiplier(amount_minor, tier, points):
    assert earn(CAFE, amount_minor=amount_minor, tier=tier).points == points


@pytest.mark.parametrize(
    ("rounding", "points"), [(Rounding.FLOOR, 8), (Rounding.ROUND, 8), (Rounding.CEIL, 9)]
)
def test_a_shop_may_round_once_at_the_end(rounding, points):
    programme = replace(CAFE, rounding=rounding, rounding_stage=RoundingStage.END)

    assert earn(programme, amount_minor=68_000, tier=SILVER).points == points  # 8.16


def test_half_a_point_is_rounded_up_where_the_shop_rounds():
    programme = replace(CAFE, rounding=Rounding.ROUND)

    assert earn(programme, amount_minor=15_000, tier=NEW).points == 2
    assert earn(programme, amount_minor=14_999, tier=NEW).points == 1


def test_a_negative_amount_is_not_a_sale():
    with pytest.raises(ValueError, match="-1"):
        earn(CAFE, amount_minor=-1, tier=NEW)


@given(first=AMOUNTS, second=AMOUNTS, tier=st.sampled_from(CAFE.tiers))
def test_splitting_a_bill_never_earns_more(first, second, tier):
    together = earn(CAFE, amount_minor=first + second, tier=tier).points

    apart = sum(earn(CAFE, amount_minor=part, tier=tier).points for part in (first, second))
    assert apart <= together


@given(amount=AMOUNTS, tier=st.sampled_from(CAFE.tiers))
def test_the_explanation_recomputes_to_the_points(amount, tier):
    why = earn(CAFE, amount_minor=amount, tier=tier).explanation

    base = sum(why["amount_minor"] // row["per_minor"] * row["points"] for row in why["rules"])
    total = base * Fraction(why["multiplier"])
    assert (why["base"], why["points"]) == (base, total.numerator // total.denominator)


@pytest.mark.parametrize(
    ("earned_on", "ends_on"),
    [
        (date(2026, 11, 22), date(2027, 11, 30)),
        (date(2026, 12, 31), date(2027, 12, 31)),
        (date(2027, 2, 1), date(2028, 2, 29)),
    ],
)
def test_points_last_twelve_months_and_then_to_the_end_of_the_month(earned_on, ends_on):
    assert last_day(CAFE, earned_on=earned_on) == ends_on


def test_points_may_last_for_ever():
    assert last_day(replace(CAFE, expire_after_months=None), earned_on=date(2026, 1, 1)) is None


def test_the_rules_in_one_sentence_each():
    def said(language):
        return [
            earn_sentence(CAFE, currency="VND", language=language),
            expiry_sentence(CAFE, language=language),
            tier_sentence(NEW, currency="VND", language=language),
            tier_sentence(SILVER, currency="VND", language=language),
        ]

    assert said("vi") == [
        "10.000đ = 1 điểm",
        "Điểm dùng được 12 tháng, tính đến cuối tháng.",
        "Mới: từ lần mua đầu tiên, điểm × 1",
        "Bạc: mua từ 1.000.000đ, điểm × 1,2",
    ]
    assert said("en") == [
        "10,000đ = 1 point",
        "Points last 12 months, to the end of that month.",
        "New: from the first purchase, points × 1",
        "Silver: from 1,000,000đ spent, points × 1.2",
    ]
