"""Roughly what it takes: for sentences such as "about 290.000đ to go". Pure, exact fractions."""

from fractions import Fraction
from math import prod

from loyalty.programme.choosing import everyday_rules
from loyalty.programme.document import Programme
from loyalty.programme.earn_rules import Kind
from loyalty.programme.ladder import Tier


def money_for_points(programme: Programme, *, points: int, tier: Tier) -> int | None:
    """
    The spend in minor units that earns about `points` as a customer of `tier`: the rules that
    hold every day together, rounded up to a whole step of the first. Many small bills may need
    more, since each is rounded by itself; hence "about". None when no such rule gives points
    for money.
    """
    rules = everyday_rules(programme, tier=tier)
    paying = [rule for rule in rules if rule.kind is Kind.AMOUNT]
    if not paying:
        return None
    rate = sum((Fraction(rule.points, rule.per_minor) for rule in paying), Fraction())
    times = prod((rule.multiplier for rule in rules), start=tier.multiplier)
    step = paying[0].per_minor
    steps = Fraction(points) / (rate * times) / step
    return -(-steps.numerator // steps.denominator) * step
