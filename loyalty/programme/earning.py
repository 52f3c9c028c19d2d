"""How many points a sale earns, and why. Pure arithmetic on whole numbers and fractions."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from loyalty.dates import add_months, month_start
from loyalty.programme.document import EarnRule, Programme, Rounding, RoundingStage, Tier


@dataclass(frozen=True)
class Earning:
    points: int
    base: int  # Before the tier's multiplier; equals `points` where rounding is at the end.
    # The sum in the order a person would do it; stored with the entry, so it keeps no secrets.
    explanation: dict[str, Any]


def earn(programme: Programme, *, amount_minor: int, tier: Tier) -> Earning:
    """
    Points for paying `amount_minor` as a customer of `tier`.

    Raises ValueError for a negative amount: refunds are not sales.
    """
    if amount_minor < 0:
        raise ValueError(f"amount_minor must not be negative: {amount_minor}")
    parts = [_of_rule(programme, rule, amount_minor) for rule in programme.earn]
    if programme.rounding_stage is RoundingStage.STEP:
        base = sum(int(part) for part in parts)
        points = _round(base * tier.multiplier, programme.rounding)
    else:
        points = base = _round(sum(parts, Fraction()) * tier.multiplier, programme.rounding)
    return Earning(points, base, _explain(programme, amount_minor, tier, parts, base, points))


def _of_rule(programme: Programme, rule: EarnRule, amount_minor: int) -> Fraction:
    steps = Fraction(amount_minor, rule.per_minor)
    if programme.rounding_stage is RoundingStage.STEP:
        steps = Fraction(_round(steps, programme.rounding))
    return steps * rule.points


def _round(value: Fraction, rounding: Rounding) -> int:
    """
    >>> [_round(Fraction(5, 2), way) for way in Rounding]
    [2, 3, 3]
    """
    if rounding is Rounding.FLOOR:
        return value.numerator // value.denominator
    if rounding is Rounding.CEIL:
        return -(-value.numerator // value.denominator)
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def _explain(
    programme: Programme,
    amount_minor: int,
    tier: Tier,
    parts: list[Fraction],
    base: int,
    points: int,
) -> dict[str, Any]:
    rules = [
        {"name": rule.name, "points": rule.points, "per_minor": rule.per_minor, "gives": str(part)}
        for rule, part in zip(programme.earn, parts, strict=True)
    ]
    return {
        "amount_minor": amount_minor,
        "rules": rules,
        "base": base,
        "tier": tier.key,
        "tier_name": tier.name,
        "tier_name_en": tier.name_en,
        "multiplier": str(tier.multiplier),
        "rounding": programme.rounding.value,
        "stage": programme.rounding_stage.value,
        "points": points,
    }


def last_day(programme: Programme, *, earned_on: date) -> date | None:
    """
    The last day that points earned on that shop-local day can be used; None: for ever. They
    last the programme's months and then to the end of the month, so a customer hears one date.
    """
    if programme.expire_after_months is None:
        return None
    next_month = add_months(month_start(earned_on), programme.expire_after_months + 1)
    return next_month - timedelta(days=1)
