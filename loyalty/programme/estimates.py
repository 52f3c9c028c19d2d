"""Roughly what it takes: for sentences such as "about 290.000đ to go". Pure, exact fractions."""

from fractions import Fraction

from loyalty.programme.document import Programme, Tier


def money_for_points(programme: Programme, *, points: int, tier: Tier) -> int:
    """
    The spend in minor units that earns about `points` as a customer of `tier`: all rules
    together, rounded up to a whole step of the first rule. Many small bills may need more,
    since each is rounded by itself; hence "about".
    """
    rate = sum((Fraction(rule.points, rule.per_minor) for rule in programme.earn), Fraction())
    step = programme.earn[0].per_minor
    steps = Fraction(points) / (rate * tier.multiplier) / step
    return -(-steps.numerator // steps.denominator) * step
