"""Sharing a whole number out so that the shares sum to it exactly. Pure."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm


def spread(total: int, weights: Sequence[int | Fraction]) -> list[int]:
    """
    `total` shared out in proportion to the weights (none below zero), whole numbers that sum to
    it: every share is rounded down, and what is left goes to the largest remainders, among
    equals to the first. No share of money exceeds its weight while the total does not exceed
    their sum. Weights that are all zero count as equal; without weights nothing can be shared.

    >>> spread(100, [1, 1, 1]), spread(5, [0, 10, 0]), spread(2, [0, 0, 0])
    ([34, 33, 33], [0, 5, 0], [1, 1, 0])
    """
    if len(weights) < 2:  # The usual bill is one line.
        return [total] * len(weights)
    # In whole numbers: a thousand weights of as many denominators took seconds as fractions.
    scale = lcm(*(weight.denominator for weight in weights))
    parts = [weight.numerator * (scale // weight.denominator) for weight in weights]
    whole = sum(parts)
    if not whole:
        return spread(total, [1] * len(weights))
    split = [divmod(total * part, whole) for part in parts]
    shares = [share for share, _rest in split]
    left = total - sum(shares)
    by_remainder = sorted(range(len(split)), key=lambda index: -split[index][1])
    for index in by_remainder[:left]:
        shares[index] += 1
    return shares


def half_up(value: Fraction) -> int:
    """
    >>> [half_up(Fraction(n, 4)) for n in (1, 2, 6)]
    [0, 1, 2]
    """
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
