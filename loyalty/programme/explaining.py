"""The sum of an earning, kept with its entry so that it can be told and worked out again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loyalty.programme.basket import Basket
from loyalty.programme.choosing import Counting, Item, Part
from loyalty.programme.document import Programme
from loyalty.programme.earn_rules import EarnRule, Kind
from loyalty.programme.ladder import Tier


@dataclass(frozen=True)
class Sum:
    """How an earning came about."""

    items: Sequence[Item]
    parts: Sequence[Part]
    whole: Sequence[Counting]  # What multiplies all of them.
    tier: Tier
    base: int
    points: int


def explain(
    programme: Programme, done: Sum, *, basket: Basket, paid_with_points_minor: int
) -> dict[str, Any]:
    """
    What the rules gave (their `gives` sum to what the multipliers and the tier multiply), each
    with its goods where it is not about all that earns; rounded once, that is `points`.
    """
    return {
        **_amounts(basket, done.items, paid_with_points_minor),
        "rules": [_said(part, done.items) for part in done.parts],
        "multipliers": [
            _named(one.rule) | {"times": str(one.rule.multiplier)} for one in done.whole
        ],
        "base": done.base,
        "tier": done.tier.key,
        "tier_name": done.tier.name,
        "tier_name_en": done.tier.name_en,
        "multiplier": str(done.tier.multiplier),
        "rounding": programme.rounding.value,
        "stage": programme.rounding_stage.value,
        "points": done.points,
    }


def _amounts(basket: Basket, items: Sequence[Item], paid_with_points_minor: int) -> dict[str, Any]:
    """What earns; and where that is not what the goods cost, of what, and what pays with points."""
    earns_on = sum(item.amount_minor for item in items)
    amounts: dict[str, Any] = {"amount_minor": earns_on}
    if earns_on != basket.total_minor:
        amounts |= {"total_minor": basket.total_minor, "lines": _lines(items)}
    if paid_with_points_minor:
        amounts["paid_with_points_minor"] = paid_with_points_minor
    return amounts


def _said(part: Part, items: Sequence[Item]) -> dict[str, Any]:
    one = part.counting
    said = _named(one.rule) | _rate(one) | {"gives": str(part.gives)}
    if len(one.items) != len(items):
        said["amount_minor"] = one.amount_minor
    if one.rule.kind is Kind.UNIT:
        said["lines"] = [line | {"units": str(item.units)} for line, item in _paired(one.items)]
    elif len(one.items) != len(items):
        said["lines"] = _lines(one.items)
    if part.gives != part.wanted:
        said["wanted"] = str(part.wanted)
    return said


def _rate(one: Counting) -> dict[str, Any]:
    rule = one.rule
    if rule.kind is Kind.TIMES:
        return {"times": str(rule.multiplier)}
    if rule.kind is Kind.AMOUNT:
        return {"points": rule.points, "per_minor": rule.per_minor}
    if rule.kind is Kind.UNIT:
        return {"points": rule.points, "per": "unit", "units": str(one.units)}
    return {"points": rule.points, "per": "order"}


def _paired(items: Sequence[Item]) -> list[tuple[dict[str, Any], Item]]:
    return list(zip(_lines(items), items, strict=True))


def _lines(items: Sequence[Item]) -> list[dict[str, Any]]:
    """By the number of the line, from 1; 0 is the shipping."""
    return [{"line": item.number, "amount_minor": item.amount_minor} for item in items]


def _named(rule: EarnRule) -> dict[str, Any]:
    return {"key": rule.key, "name": rule.name, "name_en": rule.name_en}
