"""
Random histories from a seed: the same events go to the product and to the model. Sales come on
time, late, years late, from a clock that is ahead, and twice; jobs come 0, 1 or 30 days late, or
never.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from loyalty.ledger import services as ledger
from loyalty.purchases.recording import SLACK
from loyalty.tiers.services import review_tiers
from rewards.models import Reward
from tests.factories.customers import CustomerFactory
from tests.factories.shop import StaffFactory
from tests.properties.bills import (
    CAKE,
    DRINK,
    POINT_STEP,
    POINT_WORTH,
    POINTS_KEPT,
    PROMOTED,
    Bill,
    NotPayable,
    Row,
)
from tests.properties.ledgers import said_by_model, said_of
from tests.properties.model import Book, Refused
from tests.properties.shops import COSTS, START, Kind
from tests.properties.standing import day_of
from tests.properties.till import Till

LATENESS = (0, 1, 30)  # Days.
LONG_AFTER = timedelta(days=800)
PRICES = (0, 9_999, 25_000, 45_000, 120_000, 700_000)
AMOUNTS = (9_999, 10_000, 68_000, 350_000, 990_000, 2_500_000)


@dataclass
class History:
    """One customer's life in a shop of that kind; `play` it, then ask for its `differences`."""

    seed: int
    kind: Kind
    rewards: list[Reward]
    now: datetime = START
    sales: dict[str, tuple[Bill | int, datetime]] = field(default_factory=dict)
    refunds: dict[str, tuple[str, int, datetime, object]] = field(default_factory=dict)
    days_late: int | None = None  # The jobs; None: as the seed says.
    named: int = 0
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book: Book = self.kind.book()
        self.till = Till(CustomerFactory(), StaffFactory(role="owner"))
        self.random = Random(self.seed)
        late = LATENESS[self.seed % len(LATENESS)] if self.days_late is None else self.days_late
        self.late = timedelta(days=late)
        self.prefix = f"{self.seed}" + ("" if self.days_late is None else f"late{late}")
        self.acts: dict[Callable[[], None], int] = {
            self.buy: 10,
            self.buy_late: 8 if self.kind.tier_months else 4,
            self.buy_ahead: 1,
            self.buy_again: 1,
            self.redeem: 2 if self.kind.goods else 7,
            self.refund: 4,
            self.refund_rows: 6 if self.kind.goods else 0,
            self.void: 2 if self.kind.goods else 1,
            self.refund_again: 1,
            self.cancel: 2,
            self.adjust: 2,
            self.bonus: 2,
        }

    def play(self) -> None:
        self.live()
        self.now += LONG_AFTER
        self.book.expire(day_of(self.now))

    def live(self) -> None:
        acts, weights = list(self.acts), list(self.acts.values())
        for _event in range(self.random.randrange(5, 17)):
            self.pass_time()
            self.random.choices(acts, weights)[0]()

    def pass_time(self) -> None:
        often, short = (0.85, 5) if self.kind.goods else (0.7, 10)
        longest = short if self.random.random() < often else 250
        self.now += timedelta(days=self.random.randrange(longest), hours=self.random.randrange(24))
        if self.random.random() < 0.3:
            ledger.expire_due(at=self.now - self.late)
        if self.kind.tier_months and self.random.random() < 0.3:
            review_tiers(at=self.now - self.late)
        self.book.expire(day_of(self.now))

    def name(self, what: str) -> str:
        self.named += 1
        return f"{self.prefix}/{what}{self.named}"

    def buy(self) -> None:
        self._buy(self.name("sale"), self.now)

    def buy_late(self) -> None:
        days = self.random.choice((1, 5, 40, 200, 500))
        self._buy(self.name("late"), self.now - timedelta(days=days))

    def buy_ahead(self) -> None:
        """A till whose clock is ahead: ten minutes are taken as told, more is no sale at all."""
        ahead = timedelta(minutes=self.random.choice((1, 10, 11, 24 * 60)))
        if ahead <= SLACK:
            self._buy(self.name("ahead"), self.now + ahead)
        else:
            said = self.till.sell(self.name("ahead"), 100_000, at=self.now + ahead, now=self.now)
            self.expect(said, "still to come", "ahead")

    def _buy(self, name: str, at: datetime) -> None:
        if self.kind.goods:
            bill: Bill | int = self.bill()
            try:
                expected: object = self.book.buy_goods(name, bill, at, self.now)
            except NotPayable:
                expected = "not payable"
        else:
            bill = self.random.choice(AMOUNTS)
            expected = self.book.buy(name, bill, at, self.now)
        self.expect(self.till.sell(name, bill, at=at, now=self.now), expected, name)
        if name in self.book.sales:
            self.sales[name] = (bill, at)
        self.book.expire(day_of(self.now))

    def bill(self) -> Bill:
        rows = [
            self.row(PRICES[1:]),
            *(self.row(PRICES) for _row in range(self.random.randrange(4))),
        ]
        worth = sum(row.price * row.count - row.off for row in rows)
        points = self.affordable(worth) if self.random.random() < 0.5 else 0
        if self.random.random() < 0.1:
            points = self.random.choice((5, 12, 1_000))
        return Bill(tuple(rows), points)

    def affordable(self, worth: int) -> int:
        """Points that the balance allows and the bill, unless its discounts make it too small."""
        balance = self.book.usable(day_of(self.now)) - POINTS_KEPT
        most = min(balance, worth // 2 // POINT_WORTH) // POINT_STEP
        return POINT_STEP * self.random.randrange(2, most + 1) if most >= 2 else 0

    def row(self, prices: tuple[int, ...]) -> Row:
        price, count = self.random.choice(prices), self.random.choice((1, 1, 2, 3))
        off = min(self.random.choice((0, 0, 777)), price * count)
        return Row(self.random.choice((DRINK, CAKE, PROMOTED)), price, count, off)

    def buy_again(self) -> None:
        """A till that heard no answer; now and then it has another bill under that number."""
        if self.sales:
            name = self.random.choice(list(self.sales))
            bill, at = self.sales[name]
            sell = partial(self.till.sell, name, at=at, now=self.now)
            self.expect(sell(bill), "replayed", name)
            another = bill + 1 if isinstance(bill, int) else bill.with_one_more()
            self.expect(sell(another), "conflict", name)

    def redeem(self) -> None:
        name, index = self.name("reward"), self.random.randrange(len(COSTS))
        try:
            self.book.redeem(name, COSTS[index], self.now)
            expected: object = "redeemed"
        except Refused as refused:
            expected = refused.usable
        said = self.till.redeem(name, self.rewards[index], now=self.now)
        self.expect(said, expected, name)

    def cancel(self) -> None:
        if self.book.spent:
            name = self.random.choice([*self.book.spent])
            expected = self.book.cancel(name, self.now)
            for _time in range(2):
                self.expect(self.till.cancel(name, now=self.now), expected, f"cancel {name}")

    def adjust(self) -> None:
        name, points = self.name("adjust"), self.random.choice((-40, -3, 5, 60))
        expected: object = "adjusted"
        try:
            if points > 0:
                self.book.give("adjust", name, points, self.now, date.min)
            else:
                self.book.take("adjust", name, -points, self.now)
        except Refused as refused:
            expected = refused.usable
        self.expect(self.till.adjust(name, points, now=self.now), expected, name)

    def bonus(self) -> None:
        """Points that can be used only some days later."""
        name, days = self.name("bonus"), self.random.choice((1, 14))
        first_day = day_of(self.now) + timedelta(days=days)
        self.book.give("earn", name, 9, self.now, first_day)
        self.till.give(name, 9, first_day=first_day, now=self.now)

    def refund(self) -> None:
        """Goods come back; now and then the till says so only days later, or asks too much."""
        sale_name, rest = self._sale_with_a_rest()
        if rest:
            at = self.now - timedelta(days=self.random.choice((0, 0, 0, 2)))
            amount = self.random.choice((rest, min(rest, 33_333), rest // 2 + 1, rest - rest // 9))
            name = self.name("refund")
            ask = partial(self.till.refund, name, sale_name, at=at, now=self.now)
            if self.random.random() < 0.3:
                self.expect(ask(rest + 1), "too much", name)
            taken = self.book.refund(name, sale_name, amount, at)
            self.expect(ask(amount), taken, name)
            self.refunds[name] = (sale_name, amount, at, taken)

    def refund_rows(self) -> None:
        """Some pieces of some rows come back."""
        sale_name, rest = self._sale_with_a_rest()
        if rest and isinstance(self.sales[sale_name][0], Bill):
            pieces = enumerate(self.book.sales[sale_name].pieces, 1)
            left = {number: piece.count - piece.back_count for number, piece in pieces}
            numbers = [number for number in left if left[number]]
            chosen = self.random.sample(numbers, self.random.randrange(1, len(numbers) + 1))
            counts = {number: self.random.randrange(left[number]) + 1 for number in chosen}
            name = self.name("rows")
            taken = self.book.refund_rows(name, sale_name, counts, self.now)
            said = self.till.refund(name, sale_name, counts, at=self.now, now=self.now)
            self.expect(said, taken, name)

    def void(self) -> None:
        sale_name, rest = self._sale_with_a_rest()
        if rest:
            name = self.name("void")
            taken = self.book.void(name, sale_name, self.now)
            said = self.till.refund(name, sale_name, None, at=self.now, now=self.now)
            self.expect(said, taken, name)

    def _sale_with_a_rest(self) -> tuple[str, int]:
        rests = {name: sale.left for name, sale in self.book.sales.items()}
        left = [name for name, rest in rests.items() if rest]
        if not left:
            return "", 0
        paid = [name for name in left if self.book.sales[name].paid_points]
        name = self.random.choice(paid if paid and self.random.random() < 0.6 else left)
        return name, rests[name]

    def refund_again(self) -> None:
        if self.refunds:
            name = self.random.choice(list(self.refunds))
            sale_name, amount, at, taken = self.refunds[name]
            ask = partial(self.till.refund, name, sale_name, at=at, now=self.now)
            self.expect(ask(amount), taken, f"{name} again")
            self.expect(ask(amount + 1), "conflict", f"{name} again")

    def expect(self, said: object, expected: object, what: str) -> None:
        if said != expected:
            self.complaints.append(f"{what}: {said} instead of {expected}")


def differences(histories: Iterable[History]) -> list[str]:
    """Where the product and the model disagree once all jobs have run; each line has its seed."""
    played = list(histories)
    end = max(history.now for history in played)
    ledger.expire_due(at=end)
    review_tiers(at=end)
    pages = said_of([history.till.customer.pk for history in played])
    found = []
    for history in played:
        history.book.expire(day_of(end))
        said = pages[history.till.customer.pk]
        expected = said_by_model(history.book, day_of(end))
        wrong = [
            f"{key}: {said[key]} instead of {expected[key]}"
            for key in expected
            if said[key] != expected[key]
        ]
        found += [f"seed {history.seed}: {one}" for one in history.complaints + wrong]
    return found
