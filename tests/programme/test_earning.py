"""The arithmetic of points: exact, explained, and never more by splitting a bill."""

from dataclasses import replace
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.document import Rounding, RoundingStage, parse
from loyalty.programme.earning import earn
from loyalty.programme.sentences import earn_sentence, expiry_sentence
from tests.factories.clock import NOON
from tests.factories.shop import STARTERS

CAFE = parse((STARTERS / "cafe.toml").read_text(encoding="utf-8"))
NEW, SILVER, GOLD, DIAMOND = CAFE.tiers
SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
AMOUNTS = st.integers(min_value=0, max_value=10**12)


def earned(programme, amount_minor, tier, *, at=NOON, branch=""):
    basket = Basket.of_total(amount_minor, at.astimezone(SAIGON), branch)
    return earn(programme, basket=basket, buyer=Buyer(tier.key))


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
    assert earned(CAFE, amount_minor, tier).points == points


@pytest.mark.parametrize(
    ("rounding", "points"), [(Rounding.FLOOR, 8), (Rounding.ROUND, 8), (Rounding.CEIL, 9)]
)
def test_a_shop_may_round_once_at_the_end(rounding, points):
    programme = replace(CAFE, rounding=rounding, rounding_stage=RoundingStage.END)

    assert earned(programme, 68_000, SILVER).points == points  # 8.16


def test_half_a_point_is_rounded_up_where_the_shop_rounds():
    programme = replace(CAFE, rounding=Rounding.ROUND)

    assert earned(programme, 15_000, NEW).points == 2
    assert earned(programme, 14_999, NEW).points == 1


def test_a_negative_amount_is_not_a_sale():
    with pytest.raises(ValueError, match="-1"):
        earned(CAFE, -1, NEW)


@given(first=AMOUNTS, second=AMOUNTS, tier=st.sampled_from(CAFE.tiers))
def test_splitting_a_bill_never_earns_more(first, second, tier):
    together = earned(CAFE, first + second, tier).points

    apart = sum(earned(CAFE, part, tier).points for part in (first, second))
    assert apart <= together


@given(amount=AMOUNTS, tier=st.sampled_from(CAFE.tiers))
def test_the_explanation_recomputes_to_the_points(amount, tier):
    why = earned(CAFE, amount, tier).explanation

    base = sum(why["amount_minor"] // row["per_minor"] * row["points"] for row in why["rules"])
    total = base * Fraction(why["multiplier"])
    assert (why["base"], why["points"]) == (base, total.numerator // total.denominator)


def test_the_rules_in_one_sentence_each():
    def said(language):
        return [
            earn_sentence(CAFE, currency="VND", language=language),
            expiry_sentence(CAFE, language=language),
        ]

    assert said("vi") == [
        "10.000đ = 1 điểm",
        "Điểm dùng được 12 tháng, tính đến cuối tháng.",
    ]
    assert said("en") == [
        "10,000đ = 1 point",
        "Points last 12 months, to the end of that month.",
    ]
