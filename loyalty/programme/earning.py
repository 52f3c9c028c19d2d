"""How many points a sale earns, and why. Pure arithmetic on whole numbers and fractions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import prod
from typing import Any

from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.document import Programme, Rounding, RoundingStage
from loyalty.programme.earn_rules import EarnRule, Kind
from loyalty.programme.ladder import Tier


@dataclass(frozen=True)
class Earning:
    points: int
    base: int  # Before all multipliers; equals `points` where rounding is at the end.
    # The sum in the order a person would do it; stored with the entry, so it keeps no secrets.
    explanation: dict[str, Any]


def earn(programme: Programme, *, basket: Basket, buyer: Buyer) -> Earning:
    """
    Points for that buyer paying for `basket`: what the rules that hold give
    together, times their multipliers and the tier's.

    Raises ValueError for a negative amount: refunds are not sales.
    """
    if basket.total_minor < 0:
        raise ValueError(f"total_minor must not be negative: {basket.total_minor}")
    tier = programme.tier(buyer.tier_key)
    holding = rules_that_hold(programme, basket=basket, buyer=buyer)
    givers = [rule for rule in holding if not rule.multiplies]
    multipliers = [rule for rule in holding if rule.multiplies]
    parts = [_of_rule(programme, rule, basket.total_minor) for rule in givers]
    times = tier.multiplier * prod((rule.multiplier for rule in multipliers), start=Fraction(1))
    if programme.rounding_stage is RoundingStage.STEP:
        base = sum(int(part) for part in parts)
        points = _round(base * times, programme.rounding)
    else:
        points = base = _round(sum(parts, Fraction()) * times, programme.rounding)
    explanation = {
        "amount_minor": basket.total_minor,
        "rules": [_said(rule, part) for rule, part in zip(givers, parts, strict=True)],
        "multipliers": [_named(rule) | {"times": str(rule.multiplier)} for rule in multipliers],
        **_explain(programme, tier, base, points),
    }
    return Earning(points, base, explanation)


def rules_that_hold(programme: Programme, *, basket: Basket, buyer: Buyer) -> list[EarnRule]:
    """The rules that count for `basket`, in the order they are asked."""
    return _select(
        rule
        for rule in by_priority(programme)
        if rule.enabled and rule.conditions.hold(basket, buyer)
    )


def everyday_rules(programme: Programme, *, tier: Tier) -> list[EarnRule]:
    """The rules that count for every bill of `tier`, whenever and wherever it is paid."""
    return _select(
        rule
        for rule in by_priority(programme)
        if rule.enabled
        and rule.conditions.always
        and (not rule.conditions.tiers or tier.key in rule.conditions.tiers)
    )


def by_priority(programme: Programme) -> list[EarnRule]:
    """All rules, the highest priority first, among equals in the document's order."""
    return sorted(programme.earn, key=lambda rule: -rule.priority)


def _select(holding: Iterable[EarnRule]) -> list[EarnRule]:
    chosen: list[EarnRule] = []
    for rule in holding:
        alike = [other for other in chosen if other.multiplies is rule.multiplies]
        if alike and not (rule.stackable and all(other.stackable for other in alike)):
            continue
        chosen.append(rule)
        if rule.stop:
            break
    return chosen


def _of_rule(programme: Programme, rule: EarnRule, amount_minor: int) -> Fraction:
    if rule.kind is Kind.ORDER:
        return Fraction(rule.points)
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


def _named(rule: EarnRule) -> dict[str, Any]:
    return {"key": rule.key, "name": rule.name, "name_en": rule.name_en}


def _said(rule: EarnRule, part: Fraction) -> dict[str, Any]:
    per = {"per_minor": rule.per_minor} if rule.kind is Kind.AMOUNT else {"per": "order"}
    return _named(rule) | {"points": rule.points, **per, "gives": str(part)}


def _explain(programme: Programme, tier: Tier, base: int, points: int) -> dict[str, Any]:
    return {
        "base": base,
        "tier": tier.key,
        "tier_name": tier.name,
        "tier_name_en": tier.name_en,
        "multiplier": str(tier.multiplier),
        "rounding": programme.rounding.value,
        "stage": programme.rounding_stage.value,
        "points": points,
    }


def last_day(programme: Programme, *, earned_on: date, tier: Tier) -> date | None:
    """
    The last day that points earned on that shop-local day by a customer of `tier` can be used;
    None: for ever.
    """
    return (tier.expiry or programme.expiry).last_day(earned_on)
