"""Taking money off the lines of a bill: how much each loses, which units become free. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from loyalty.programme.basket import Line
from loyalty.programme.scope import Scope
from loyalty.programme.spreading import half_up, spread

ALL = Fraction(100)  # Percent.


@dataclass(frozen=True)
class Taken:
    """What is taken off each line of a bill, in their order."""

    shares: tuple[int, ...]  # Minor units; none is more than its line costs.
    free: tuple[int, ...]  # Whole units that cost nothing from then on.

    @property
    def minor(self) -> int:
        return sum(self.shares)

    def off(self, lines: Sequence[Line]) -> tuple[Line, ...]:
        """The lines with so much less to pay; the tax in each shrinks with its price."""
        return tuple(map(_less, lines, self.shares, self.free))


@dataclass(frozen=True)
class _Units:
    """Units of one line that are paid for."""

    place: int  # Of the line.
    each: Fraction  # What one of them costs.
    count: int


def percent_off(
    lines: Sequence[Line], scope: Scope, percent: Fraction, most_minor: int = 0
) -> Taken:
    """
    So much of what the covered lines cost together, half a unit rounded up, at most `most_minor`
    (0: no limit), shared out over them.
    """
    covered = _covered(lines, scope)
    return _spread(_capped(half_up(sum(covered) * percent / 100), most_minor), covered)


def amount_off(lines: Sequence[Line], scope: Scope, minor: int) -> Taken:
    """So much money, at most what the covered lines cost together, shared out over them."""
    covered = _covered(lines, scope)
    return _spread(min(minor, sum(covered)), covered)


def gift_off(
    lines: Sequence[Line],
    scope: Scope,
    *,
    buy: int,
    get: int,
    percent: Fraction = ALL,
    most_minor: int = 0,
    most_sets: int | None = None,
) -> Taken:
    """
    Of every `buy + get` whole units in scope, the dearest first, the `get` cheapest lose so many
    percent: no way of parting a bill brings more. What is free already is no unit any more. The
    sum is rounded down, at most `most_minor` (0: no limit).
    """
    units = sorted(_units(lines, scope), key=lambda one: -one.each)
    sets = sum(one.count for one in units) // (buy + get)
    last = (sets if most_sets is None else min(sets, most_sets)) * (buy + get)
    chosen, place = [0] * len(lines), 0
    for one in units:
        before, place = place, place + one.count
        chosen[one.place] += _given(min(place, last), buy, get) - _given(
            min(before, last), buy, get
        )
    return _given_off(lines, units, chosen, percent, most_minor)


def cheapest_free(lines: Sequence[Line], scope: Scope) -> Taken:
    """The cheapest whole unit in scope that is not free already; among equals the first."""
    units = list(_units(lines, scope))
    chosen = [0] * len(lines)
    if units:
        chosen[min(units, key=lambda one: one.each).place] = 1
    return _given_off(lines, units, chosen, ALL, 0)


def _units(lines: Sequence[Line], scope: Scope) -> Iterator[_Units]:
    for place, line in enumerate(lines):
        if line.bought >= 1 and scope.covers(line):
            yield _Units(place, line.net_minor / line.bought, int(line.bought))


def _given(units: int, buy: int, get: int) -> int:
    """How many of the first so many units are gifts."""
    sets, rest = divmod(units, buy + get)
    return sets * get + max(rest - buy, 0)


def _given_off(
    lines: Sequence[Line],
    units: Sequence[_Units],
    chosen: Sequence[int],
    percent: Fraction,
    most_minor: int,
) -> Taken:
    exact = [Fraction()] * len(lines)
    for one in units:
        exact[one.place] = one.each * chosen[one.place] * percent / 100
    full = int(sum(exact))
    worth = _capped(full, most_minor)
    # What a limit cuts short is reduced, not free.
    free = tuple(chosen) if percent == ALL and worth == full else (0,) * len(lines)
    return replace(_spread(worth, exact), free=free)


def _covered(lines: Sequence[Line], scope: Scope) -> list[int]:
    return [line.net_minor if scope.covers(line) else 0 for line in lines]


def _capped(minor: int, most_minor: int) -> int:
    return min(minor, most_minor) if most_minor else minor


def _spread(minor: int, weights: Sequence[int | Fraction]) -> Taken:
    shares = spread(minor, weights) if minor else [0] * len(weights)
    return Taken(tuple(shares), (0,) * len(weights))


def _less(line: Line, minor: int, free: int) -> Line:
    if not minor and not free:
        return line
    left = line.net_minor - minor
    tax_minor = line.tax_minor * left // line.net_minor if line.net_minor else 0
    return replace(
        line,
        discount_minor=line.discount_minor + minor,
        tax_minor=tax_minor,
        free_units=line.free_units + free,
    )
