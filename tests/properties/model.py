"""
The ledger again, as a person would keep it with pencil and paper: plain Python, no product code.
What the product says after any history is compared with what this says.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from tests.properties.bills import (
    MOST_POINTS_A_YEAR,
    POINT_WORTH,
    Bill,
    costs,
    earned,
    paid_by,
    parts,
)
from tests.properties.kept import Lot, Piece, Rules, Sale
from tests.properties.standing import SHOP, Standing, day_of

FOR_EVER = date.max
VOUCHER_DAYS = timedelta(days=30)


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
    all_or_none: bool = False  # Points that paid come back with the last of the goods only.
    today: date = date.min  # In the shop.
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
        """A bill of which only the sum is known; the points it earns."""
        rules, tier = self._rules(at), self.standing.tier_for_sale(day_of(at))
        points = amount // rules.per_minor * rules.hundredths[tier] // 100
        sale = Sale([Piece(amount, points)], points, day_of(at).year)
        return self._buy(name, sale, at, now)

    def buy_goods(self, name: str, bill: Bill, at: datetime, now: datetime) -> int:
        """A bill row by row, of which points may pay a part. Raises NotPayable."""
        rules, tier = self._rules(at), self.standing.tier_for_sale(day_of(at))
        nets = costs(bill, tier)
        paid = paid_by(bill, nets, self.usable(day_of(now)))
        others = (one for one in self.sales.values() if one.year == day_of(at).year and one.left)
        room = max(MOST_POINTS_A_YEAR - sum(one.given for one in others), 0)
        points, given, by_row = earned(
            bill, nets, paid, per=rules.per_minor, room=room, hundredths=rules.hundredths[tier]
        )
        pieces = [
            Piece(net, share, row.count)
            for row, net, share in zip(bill.rows, nets, by_row, strict=True)
        ]
        sale = Sale(pieces, points, day_of(at).year, given)
        sale.paid_points, sale.paid_by_points = bill.points, paid
        return self._buy(name, sale, at, now)

    def _buy(self, name: str, sale: Sale, at: datetime, now: datetime) -> int:
        rules, on = self._rules(at), day_of(at)
        self.standing.add(at, sale.amount)
        self.sales[name] = sale
        last_day = month_end(on, rules.months)
        if rules.inactive:
            self._keep_alive(last_day, day_of(now))
        if sale.paid_points:
            sale.payment = self.take("redeem", f"spend:{name}", sale.paid_points, now)
        if sale.points:
            first_day = on + timedelta(days=rules.pending_days) if rules.pending_days else date.min
            self._open(Lot(name, sale.points, sale.points, last_day, first_day))
            self.lines["earn", name, sale.points, at] += 1
            self._repay(name, self.lots[-1:])
        return sale.points

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
        """Goods worth so much come back; the points taken."""
        sale = self.sales[sale_name]
        shares = parts(amount, [piece.left for piece in sale.pieces])
        return self._refund(name, sale_name, [(share, 0) for share in shares], at)

    def refund_rows(self, name: str, sale_name: str, counts: dict[int, int], at: datetime) -> int:
        """So many pieces of these rows come back; the points taken."""
        pieces = enumerate(self.sales[sale_name].pieces, 1)
        counted = [(piece, counts.get(number, 0)) for number, piece in pieces]
        backs = [(piece.worth(count) if count else 0, count) for piece, count in counted]
        return self._refund(name, sale_name, backs, at)

    def void(self, name: str, sale_name: str, at: datetime) -> int:
        """All that is left comes back; the points taken."""
        pieces = self.sales[sale_name].pieces
        backs = [(piece.left, piece.count - piece.back_count) for piece in pieces]
        return self._refund(name, sale_name, backs, at)

    def _refund(self, name: str, sale_name: str, backs: list[tuple[int, int]], at: datetime) -> int:
        sale, before = self.sales[sale_name], self.sales[sale_name].points_left
        for piece, (worth, count) in zip(sale.pieces, backs, strict=True):
            piece.back += worth
            piece.back_count += count
        amount = sum(worth for worth, _count in backs)
        self.standing.add(at, -amount)
        self._return_points(name, sale, amount, at)
        due = before - sale.points_left
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

    def _return_points(self, name: str, sale: Sale, amount: int, at: datetime) -> None:
        """Of the points that paid: the part that came back, or all once everything has."""
        back = sale.amount - sale.left
        if self.all_or_none:
            worth = back - (sale.amount - sale.paid_by_points)
        else:
            worth = sale.paid_by_points * back // sale.amount if sale.amount else 0
        sale.returned_worth += min(max(worth - sale.returned_worth, 0), amount)
        points = 0 if self.all_or_none else sale.returned_worth // POINT_WORTH
        points = sale.paid_points if not sale.left else points
        points -= sale.returned_points
        if points > 0:
            sale.returned_points += points
            self.lines["reverse", f"return:{name}", points, at] += 1
            self._give_back(f"return:{name}", sale.payment, points)

    def _give_back(self, name: str, takings: list[tuple[Lot, int]], points: int) -> None:
        """As if so much less had been spent: the lots that end last get theirs first."""
        self.expire(self.today)
        for place in sorted(range(len(takings)), key=lambda n: -n):
            lot, taken = takings[place]
            part = min(taken, points)
            if part:
                lot.left += part
                self.takings[name, lot.name, -part, ""] += 1
                takings[place] = (lot, taken - part)
                points -= part
        self._repay(name, [lot for lot in self.lots if lot.left])
        self.expire(self.today)

    def cancel(self, name: str, at: datetime) -> str:
        """Undo a redemption, while its voucher could still be used."""
        redeemed_on, takings = self.spent[name]
        if redeemed_on + VOUCHER_DAYS < day_of(at):
            return "ended"
        del self.spent[name]
        points = sum(taken for _lot, taken in takings)
        self.lines["reverse", f"cancel:{name}", points, at] += 1
        self._give_back(f"cancel:{name}", takings, points)
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

    def usable(self, today: date) -> int:
        return sum(lot.left for lot in self.lots if lot.usable(today))

    def redeem(self, name: str, cost: int, at: datetime) -> None:
        self.spent[name] = (day_of(at), self.take("redeem", name, cost, at))

    def take(self, kind: str, name: str, cost: int, at: datetime) -> list[tuple[Lot, int]]:
        """Which lots gave how much. Raises Refused."""
        usable = self.usable(day_of(at))
        if usable < cost:
            raise Refused(usable)
        self.lines[kind, name, -cost, at] += 1
        takings = []
        for lot in self._in_order():
            if lot.usable(day_of(at)) and cost and lot.left:
                part = self._take(name, lot, min(lot.left, cost))
                takings.append((lot, part))
                cost -= part
        return takings

    def expire(self, today: date) -> None:
        self.today = max(self.today, today)
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
