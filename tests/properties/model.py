"""
The ledger again, as a person would keep it with pencil and paper: plain Python, no product code.
What the product says after any history is compared with what this says.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.properties.standing import SHOP, Standing, day_of

FOR_EVER = date.max
VOUCHER_DAYS = timedelta(days=30)


@dataclass(frozen=True)
class Rules:
    """One version: `per_minor` of the bill is a point, times the tier's hundredths."""

    since: datetime
    per_minor: int
    months: int  # And then to the end of the month.
    hundredths: tuple[int, ...]  # By tier.
    pending_days: int = 0
    inactive: bool = False  # The months count from the last purchase.


@dataclass
class Lot:
    name: str  # The reference of the event that opened it.
    points: int
    left: int
    last_day: date
    first_day: date = date.min
    expiries: int = 0
    end: date = date.min  # Its last day, moved on as long as the customer keeps buying.

    def usable(self, today: date) -> bool:
        return self.first_day <= today <= self.end


@dataclass
class Sale:
    """What a refund has to know of a sale."""

    amount: int
    points: int
    refunded: int = 0
    taken_back: int = 0
    expired: int = 0


class Refused(Exception):
    def __init__(self, usable: int) -> None:
        super().__init__(usable)
        self.usable = usable


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
    standing: Standing
    lowest: int = -1_000_000  # No return takes the balance below.
    lots: list[Lot] = field(default_factory=list)
    sales: dict[str, Sale] = field(default_factory=dict)
    # Redemptions: the day, and the points by lot.
    spent: dict[str, tuple[date, list[tuple[Lot, int]]]] = field(default_factory=dict)
    active_until: date = date.min
    owed: list[tuple[str, int]] = field(default_factory=list)  # By which refund; the oldest first.
    # (kind, reference, points, when it happened) and (entry, lot, points, debt repaid): no order, for a late
    # expiry is entered late but dated as if it had not been.
    lines: Counter[tuple[str, str, int, datetime]] = field(default_factory=Counter)
    takings: Counter[tuple[str, str, int, str]] = field(default_factory=Counter)

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self.lots) - sum(points for _name, points in self.owed)

    def buy(self, name: str, amount: int, at: datetime, now: datetime) -> int:
        rules, on = self._rules(at), day_of(at)
        tier = self.standing.tier_for_sale(on)
        points = amount // rules.per_minor * rules.hundredths[tier] // 100
        self.standing.add(at, amount)
        self.sales[name] = Sale(amount, points)
        last_day = month_end(on, rules.months)
        if rules.inactive:
            self._keep_alive(last_day, day_of(now))
        if points:
            first_day = on + timedelta(days=rules.pending_days) if rules.pending_days else date.min
            self._open(Lot(name, points, points, last_day, first_day))
            self.lines["earn", name, points, at] += 1
            self._repay(name, self.lots[-1:])
        return points

    def _keep_alive(self, until: date, today: date) -> None:
        self.expire(today)
        for lot in self.lots:
            if lot.end >= today:
                lot.end = max(lot.end, until)
        self.active_until = max(self.active_until, until)

    def _open(self, lot: Lot) -> None:
        lot.end = max(lot.last_day, self.active_until)
        self.lots.append(lot)

    def _rules(self, at: datetime) -> Rules:
        return [version for version in self.versions if version.since <= at][-1]

    def refund(self, name: str, sale_name: str, amount: int, at: datetime) -> int:
        """Undo `amount` of a sale; the points taken."""
        sale = self.sales[sale_name]
        kept, still = sale.amount - sale.refunded, sale.amount - sale.refunded - amount
        due = sale.points * kept // sale.amount - sale.points * still // sale.amount
        sale.refunded += amount
        self.standing.add(at, -amount)
        taken = min(due, sale.points - sale.taken_back - sale.expired, self.balance - self.lowest)
        if taken <= 0:
            return 0
        sale.taken_back += taken
        self.lines["reverse", f"refund:{name}", -taken, at] += 1
        own_first = sorted(self._in_order(), key=lambda lot: lot.name != sale_name)
        rest = taken
        for lot in own_first:
            rest -= self._take(f"refund:{name}", lot, min(lot.left, rest))
        if rest:
            self.owed.append((f"refund:{name}", rest))
        return taken

    def cancel(self, name: str, at: datetime) -> str:
        """Undo a redemption, while its voucher could still be used."""
        redeemed_on, takings = self.spent[name]
        if redeemed_on + VOUCHER_DAYS < day_of(at):
            return "ended"
        del self.spent[name]
        self.lines["reverse", f"cancel:{name}", sum(points for _lot, points in takings), at] += 1
        for lot, points in takings:
            lot.left += points
            self.takings[f"cancel:{name}", lot.name, -points, ""] += 1
        self._repay(f"cancel:{name}", [lot for lot in self.lots if lot.left])
        self.expire(day_of(at))
        return "cancelled"

    def _repay(self, name: str, lots: list[Lot]) -> None:
        for lot in lots:
            while self.owed and lot.left:
                debt, points = self.owed.pop(0)
                part = min(points, lot.left)
                self._take(name, lot, part, debt)
                if part < points:
                    self.owed.insert(0, (debt, points - part))

    def give(self, kind: str, name: str, points: int, at: datetime, first_day: date) -> None:
        """Points for ever, from `first_day`."""
        self._open(Lot(name, points, points, FOR_EVER, first_day))
        self.lines[kind, name, points, at] += 1
        self._repay(name, self.lots[-1:])

    def take(self, kind: str, name: str, cost: int, at: datetime) -> None:
        usable = sum(lot.left for lot in self.lots if lot.usable(day_of(at)))
        if usable < cost:
            raise Refused(usable)
        self.lines[kind, name, -cost, at] += 1
        takings = []
        for lot in self._in_order():
            if lot.usable(day_of(at)) and cost and lot.left:
                part = self._take(name, lot, min(lot.left, cost))
                takings.append((lot, part))
                cost -= part
        if kind == "redeem":
            self.spent[name] = (day_of(at), takings)

    def expire(self, today: date) -> None:
        for lot in self._in_order():
            if lot.end < today and lot.left:
                lot.expiries += 1
                name = f"lot:{lot.name}" + (f"/{lot.expiries}" if lot.expiries > 1 else "")
                self.lines["expire", name, -lot.left, midnight_after(lot.end)] += 1
                if lot.name in self.sales:
                    self.sales[lot.name].expired += lot.left
                self._take(name, lot, lot.left)

    def _take(self, name: str, lot: Lot, points: int, debt: str = "") -> int:
        if points:
            lot.left -= points
            self.takings[name, lot.name, points, debt] += 1
        return points

    def _in_order(self) -> list[Lot]:
        return sorted(self.lots, key=lambda lot: lot.last_day)  # Stable: then the oldest first.
