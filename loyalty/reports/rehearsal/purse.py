"""
The points of one customer while a rehearsal runs: what the ledger's verbs would do, in memory.

What ends first is spent first; what is given back goes into the lots it came from; who owes
points repays them first. A test holds it to the ledger over whole histories.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter


@dataclass
class Lot:
    """What is left of a credit. `points` is all of it; the days are the shop's."""

    key: Hashable  # Of the entry that opened it.
    points: int
    left: int
    usable_from: date | None
    expires_on: date | None
    taken_back: int = 0  # By reversals of that entry.
    expired: int = 0
    ended_on: date | None = None
    place: int = 0  # In the order they were opened.

    def is_usable(self, on: date) -> bool:
        return self.usable_from is None or self.usable_from <= on


@dataclass
class Purse:
    lots: dict[Hashable, Lot] = field(default_factory=dict)  # By what opened them.
    owed: int = 0
    expired: int = 0  # Of lots that ended on
    counted_from: date = date.min  # that day or later.
    active_until: date | None = None  # No lot ends before that day.
    # What each spending took, by lot, so that it can go back.
    spent: dict[Hashable, list[tuple[Lot, int]]] = field(default_factory=dict)
    _open: list[Lot] = field(default_factory=list)

    @property
    def balance(self) -> int:
        """Points that can be spent, now or later, less what is owed."""
        return sum(lot.left for lot in self._open) - self.owed

    def put(self, lot: Lot) -> None:
        """A lot as it lies there at the start."""
        lot.place = len(self.lots)
        self.lots[lot.key] = lot
        if lot.left:
            self._open.append(lot)

    def credit(
        self, key: Hashable, points: int, *, usable_from: date | None, expires_on: date | None
    ) -> None:
        """Add points; a debt is repaid from them first."""
        self.put(Lot(key, points, points, usable_from, expires_on))
        self._repay()

    def usable(self, on: date) -> int:
        """What can be spent on that day."""
        return sum(
            lot.left for lot in self._open if lot.is_usable(on) and not self._is_over(lot, on)
        )

    def debit(self, key: Hashable, points: int, *, on: date) -> bool:
        """Take all of the points, those that end first; False, and nothing taken, for too few."""
        if self.usable(on) < points:
            return False
        taken = self.spent.setdefault(key, [])
        for lot in self._in_order():
            if points and lot.is_usable(on) and not self._is_over(lot, on):
                part = min(lot.left, points)
                lot.left, points = lot.left - part, points - part
                taken.append((lot, part))
        self._tidy()
        return True

    def take_back(self, key: Hashable, due: int, *, lowest: int) -> int:
        """
        Take up to `due` of that credit back: from its own lot, then from those that end first,
        then as a debt, while the balance stays at `lowest` or above. What of it has expired is not
        taken again. Returns what was taken.
        """
        own = self.lots.get(key)
        if own is None:
            return 0
        taken = min(due, own.points - own.taken_back - own.expired, self.balance - lowest)
        if taken <= 0:
            return 0
        own.taken_back += taken
        rest = taken
        for lot in sorted(self._in_order(), key=lambda lot: lot is not own):
            part = min(lot.left, rest)
            lot.left, rest = lot.left - part, rest - part
        self.owed += rest
        self._tidy()
        return taken

    def give_back(self, key: Hashable, points: int, *, on: date) -> None:
        """Points of that spending go back into their lots, the ones that end last first."""
        taken = sorted(self.spent.get(key, ()), key=lambda one: _end_of(one[0]), reverse=True)
        kept: list[tuple[Lot, int]] = []
        for lot, part in taken:
            back = min(part, points)
            points -= back
            kept.append((lot, part - back))
            if back and not lot.left:
                self._open.append(lot)
            lot.left += back
        self.spent[key] = kept
        self._repay()
        self.expire(on)

    def keep_alive(self, until: date, *, on: date) -> None:
        """A purchase of that day lets no lot end before `until`; what had ended stays so."""
        if self.active_until is not None and self.active_until >= until:
            return
        if self.active_until is None or self.active_until < on:
            for lot in self.lots.values():
                if lot.ended_on is None and lot.expires_on is not None and lot.expires_on < on:
                    lot.ended_on = max(lot.expires_on, self.active_until or lot.expires_on)
        self.active_until = until

    def expire(self, on: date) -> None:
        """Let go of what had ended when that day began."""
        for lot in self._open:
            if self._is_over(lot, on):
                self.expired += lot.left if self._end(lot) >= self.counted_from else 0
                lot.expired, lot.left = lot.expired + lot.left, 0
        self._tidy()

    def _is_over(self, lot: Lot, on: date) -> bool:
        return self._end(lot) < on

    def _end(self, lot: Lot) -> date:
        if lot.expires_on is None:
            return date.max
        return lot.ended_on or max(lot.expires_on, self.active_until or lot.expires_on)

    def _in_order(self) -> Iterator[Lot]:
        yield from sorted(self._open, key=_end_of)

    def _repay(self) -> None:
        if not self.owed:
            return
        for lot in sorted(self._open, key=attrgetter("place")):
            part = min(lot.left, self.owed)
            lot.left, self.owed = lot.left - part, self.owed - part
        self._tidy()

    def _tidy(self) -> None:
        self._open = [lot for lot in self._open if lot.left]


def _end_of(lot: Lot) -> tuple[date, int]:
    return lot.expires_on or date.max, lot.place
