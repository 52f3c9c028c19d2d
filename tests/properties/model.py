"""
The ledger again, as a person would keep it with pencil and paper: plain Python, no product code.
What the product says after any history is compared with what this says.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

SHOP = timezone(timedelta(hours=7))
FOR_EVER = date.max


@dataclass(frozen=True)
class Rules:
    """One version: `per_minor` of the bill is a point, times the tier's hundredths."""

    since: datetime
    per_minor: int
    months: int  # And then to the end of the month.
    hundredths: tuple[int, ...]  # By tier.
    thresholds: tuple[int, ...]


@dataclass
class Lot:
    name: str  # The reference of the event that opened it.
    points: int
    left: int
    last_day: date


class Refused(Exception):
    def __init__(self, usable: int) -> None:
        super().__init__(usable)
        self.usable = usable


def day_of(moment: datetime) -> date:
    return moment.astimezone(SHOP).date()


def midnight_after(day: date) -> datetime:
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=SHOP).astimezone(UTC)


def month_end(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months + 1
    return date(index // 12, index % 12 + 1, 1) - timedelta(days=1)


@dataclass
class Book:
    """One customer's page."""

    versions: list[Rules]
    spend: int = 0
    tier: int = 0
    lots: list[Lot] = field(default_factory=list)
    # (kind, reference, points, when it happened) and (debit, lot, points): no order, for a late
    # expiry is entered late but dated as if it had not been.
    lines: Counter[tuple[str, str, int, datetime]] = field(default_factory=Counter)
    takings: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self.lots)

    def buy(self, name: str, amount: int, at: datetime) -> int:
        rules = [version for version in self.versions if version.since <= at][-1]
        points = amount // rules.per_minor * rules.hundredths[self.tier] // 100
        self.spend += amount
        reached = sum(threshold <= self.spend for threshold in rules.thresholds) - 1
        self.tier = max(self.tier, reached)
        if points:
            self._open(name, points, month_end(day_of(at), rules.months))
            self.lines["earn", name, points, at] += 1
        return points

    def redeem(self, name: str, cost: int, at: datetime) -> None:
        usable = sum(lot.left for lot in self.lots if lot.last_day >= day_of(at))
        if usable < cost:
            raise Refused(usable)
        self.lines["redeem", name, -cost, at] += 1
        for lot in self._in_order():
            if lot.last_day >= day_of(at) and cost:
                cost -= self._take(name, lot, min(lot.left, cost))

    def expire(self, today: date) -> None:
        for lot in self._in_order():
            if lot.last_day < today and lot.left:
                name = f"lot:{lot.name}"
                self.lines["expire", name, -lot.left, midnight_after(lot.last_day)] += 1
                self._take(name, lot, lot.left)

    def _open(self, name: str, points: int, last_day: date) -> None:
        self.lots.append(Lot(name, points, points, last_day))

    def _take(self, name: str, lot: Lot, points: int) -> int:
        if points:
            lot.left -= points
            self.takings[name, lot.name, points] += 1
        return points

    def _in_order(self) -> list[Lot]:
        return sorted(self.lots, key=lambda lot: lot.last_day)  # Stable: then the oldest first.
