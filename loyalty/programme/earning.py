"""How many points a sale earns, and why. Pure arithmetic on whole numbers and fractions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import prod
from typing import Any

from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.choosing import Counting, Item, Part, counting, items_of, room
from loyalty.programme.document import Programme, RoundingStage
from loyalty.programme.earn_rules import Kind
from loyalty.programme.explaining import Sum, explain
from loyalty.programme.ladder import Tier
from loyalty.programme.marks import marked
from loyalty.programme.spreading import spread

ONE = Fraction(1)


@dataclass(frozen=True)
class Earning:
    points: int
    base: int  # Before all multipliers; equals `points` where rounding is at the end.
    # The sum in the order a person would do it; stored with the entry, so it keeps no secrets.
    explanation: dict[str, Any]
    line_points: tuple[int, ...]  # Each line's share of `points`, in the basket's order.
    tier_points: int  # What counts where tiers go by points: also what "earns nothing but counts".
    given: Mapping[str, int]  # By capped rule: what it gave, to be kept until its period is over.


def earn(
    programme: Programme, *, basket: Basket, buyer: Buyer, paid_with_points_minor: int = 0
) -> Earning:
    """
    Points for that buyer paying for `basket` (as discounts.price left it), of which points pay
    a part: what the rules that hold give together, times their multipliers and the tier's.

    Raises ValueError for a negative amount (refunds are not sales) and for points that pay more
    than may be paid with points.
    """
    if basket.total_minor < 0:
        raise ValueError(f"total_minor must not be negative: {basket.total_minor}")
    basket = marked(programme.marks, basket=basket, buyer=buyer)
    earning = _earn(programme, basket, buyer, paid_with_points_minor)
    if all(line.earns is line.counts_for_tier for line in basket.lines):
        return earning
    counted = replace(
        basket, lines=tuple(replace(line, earns=line.counts_for_tier) for line in basket.lines)
    )
    for_tier = _earn(programme, counted, buyer, paid_with_points_minor)
    return replace(earning, tier_points=for_tier.points)


def _earn(programme: Programme, basket: Basket, buyer: Buyer, paid_minor: int) -> Earning:
    tier = programme.tier(buyer.tier_key)
    items = items_of(programme, basket, paid_with_points_minor=paid_minor)
    chosen = counting(programme, items, basket=basket, buyer=buyer)
    whole = [one for one in chosen if _multiplies_all(one, items)]
    givers = [
        _capped(one, _gives(programme, one), buyer) for one in chosen if not one.rule.multiplies
    ]
    extras = [
        _capped(one, _extra(programme, one, givers), buyer)
        for one in chosen
        if one.rule.multiplies and not _multiplies_all(one, items)
    ]
    parts = givers + extras
    times = tier.multiplier * prod((one.rule.multiplier for one in whole), start=ONE)
    points = programme.rounding.of(sum((part.gives for part in parts), Fraction()) * times)
    steps = programme.rounding_stage is RoundingStage.STEP
    base = int(sum(part.gives for part in givers)) if steps else points
    done = Sum(items, parts, whole, tier, base, points)
    return Earning(
        points=points,
        base=base,
        explanation=explain(programme, done, basket=basket, paid_with_points_minor=paid_minor),
        line_points=_by_line(points, parts, len(basket.lines)),
        tier_points=points,
        given=_given(programme, parts),
    )


def _multiplies_all(one: Counting, items: Sequence[Item]) -> bool:
    """A multiplier for some goods only, or with a cap, gives extra points instead."""
    rule = one.rule
    everything = rule.scope.everything and len(one.items) == len(items)
    return rule.multiplies and everything and rule.cap is None


def _gives(programme: Programme, one: Counting) -> Fraction:
    rule = one.rule
    if rule.kind is Kind.ORDER:
        return Fraction(rule.points if one.amount_minor else 0)
    steps = one.units if rule.kind is Kind.UNIT else Fraction(one.amount_minor, rule.per_minor)
    if programme.rounding_stage is RoundingStage.STEP:
        steps = Fraction(programme.rounding.of(steps))
    return steps * rule.points


def _extra(programme: Programme, multiplier: Counting, givers: Sequence[Part]) -> Fraction:
    """What the goods of that multiplier earn by the other rules, so many times more."""
    earned = Fraction()
    for giver in givers:
        inside = giver.counting.within(multiplier.items)
        if giver.counting.rule.kind is not Kind.ORDER or inside == giver.counting:
            earned += min(_gives(programme, inside), giver.gives)
    return earned * (multiplier.rule.multiplier - 1)


def _capped(one: Counting, wanted: Fraction, buyer: Buyer) -> Part:
    most = room(one.rule, buyer)
    return Part(one, wanted, wanted if most is None else min(wanted, Fraction(most)))


def _given(programme: Programme, parts: Sequence[Part]) -> dict[str, int]:
    given = {
        part.counting.rule.key: programme.rounding.of(part.gives)
        for part in parts
        if part.counting.rule.cap and part.counting.rule.cap.kept
    }
    return {key: points for key, points in given.items() if points}


def _by_line(points: int, parts: Sequence[Part], lines: int) -> tuple[int, ...]:
    """The points shared out by what each line brought in; shipping's go along with the goods."""
    if lines == 1:
        return (points,)
    weights = [Fraction()] * (lines + 1)
    for part in parts:
        units = part.counting.rule.kind is Kind.UNIT
        shares = {
            item.number: item.units if units else item.amount_minor for item in part.counting.items
        }
        each = part.gives / (sum(shares.values()) or 1)
        for number, share in shares.items():
            weights[number] += each * share
    return tuple(spread(points, weights[1:]))


def last_day(programme: Programme, *, earned_on: date, tier: Tier) -> date | None:
    """
    The last day that points earned on that shop-local day by a customer of `tier` can be used;
    None: for ever.
    """
    return (tier.expiry or programme.expiry).last_day(earned_on)


def active_until(programme: Programme, *, bought_on: date, tier: Tier) -> date | None:
    """
    Through when a purchase on that shop-local day keeps a customer of `tier`'s points from
    ending; None: purchases do not.
    """
    return (tier.expiry or programme.expiry).active_until(bought_on)
