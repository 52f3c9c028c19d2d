"""
Random histories from a seed: the same events go to the product and to the model. Sales come on
time, late, years late and twice; the expiry job comes 0, 1 or 30 days after its time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random

from customers.models import Customer
from loyalty.errors import Conflict, DomainError
from loyalty.ledger import services as ledger
from loyalty.ledger.adjustments import adjust
from loyalty.ledger.models import Entry
from loyalty.ledger.services import Credit, InsufficientPoints
from loyalty.programme.versions import publish
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.refunds import purchase_of, refund_purchase, void_purchase
from loyalty.shop.models import User
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Reward
from rewards.redemption import redeem_reward
from rewards.vouchers import VoucherRefused
from tests.factories.customers import CustomerFactory
from tests.factories.rewards import RewardFactory
from tests.factories.shop import STARTERS, StaffFactory, shop_with_programme
from tests.properties.ledgers import said_by_model, said_by_product
from tests.properties.model import Book, Refused, Rules

START = datetime(2025, 1, 6, 2, 0, tzinfo=UTC)
CHANGE = datetime(2025, 9, 1, tzinfo=UTC)
COSTS = (3, 20, 75)
THRESHOLDS = (0, 1_000_000, 3_000_000, 8_000_000)
VERSIONS = [
    Rules(datetime(1990, 1, 1, tzinfo=UTC), 10_000, 12, (100, 120, 150, 200), THRESHOLDS),
    Rules(CHANGE, 8_000, 5, (100, 125, 150, 200), THRESHOLDS),
]
INACTIVE = [VERSIONS[0], replace(VERSIONS[1], inactive=True)]
LATENESS = (0, 1, 30)  # Days.


def open_shop(lowest: int = 0, versions: list[Rules] = VERSIONS) -> list[Reward]:
    """
    A shop where no return takes the balance below `lowest`: rules that change once, and three
    rewards.
    """
    returns = f"\n[refunds]\nlowest = {lowest}\n"
    document = (STARTERS / "cafe.toml").read_text(encoding="utf-8") + returns
    shop_with_programme(document)
    for old, new in (
        ("per_minor = 10_000", "per_minor = 8_000"),
        ("after_months = 12", f"after_{'inactive_' if versions[1].inactive else ''}months = 5"),
        ("= 1.2\n", "= 1.25\n"),
    ):
        document = document.replace(old, new)
    publish(document=document, effective_from=CHANGE, at=START, by=None)
    return [RewardFactory(cost_points=cost) for cost in COSTS]


@dataclass
class History:
    """One customer's life; `play` it, then ask for its `differences`."""

    seed: int
    rewards: list[Reward]
    days_late: int
    customer: Customer = field(default_factory=CustomerFactory)
    owner: User = field(default_factory=partial(StaffFactory, role="owner"))
    versions: list[Rules] = field(default_factory=lambda: VERSIONS)
    now: datetime = START
    sales: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    refunds: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    lowest: int = 0  # As the shop was opened.
    named: int = 0
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.book = Book(self.versions)
        self.acts: dict[Callable[[], None], int] = {
            self.buy: 10,
            self.buy_late: 4,
            self.buy_again: 2,
            self.redeem: 7,
            self.refund: 4,
            self.void: 1,
            self.refund_again: 1,
            self.cancel: 2,
            self.adjust: 2,
            self.bonus: 2,
        }

    def play(self, events: int = 20) -> None:
        acts, weights = list(self.acts), list(self.acts.values())
        for _event in range(events):
            self.pass_time()
            self.random.choices(acts, weights)[0]()
        self.now += timedelta(days=800)
        self.book.expire(self.now.date())
        ledger.expire_due(at=self.now)

    def pass_time(self) -> None:
        longest = 10 if self.random.random() < 0.7 else 250
        self.now += timedelta(days=self.random.randrange(longest), hours=self.random.randrange(24))
        ledger.expire_due(at=self.now - timedelta(days=self.days_late))
        self.book.expire((self.now + timedelta(hours=7)).date())

    def amount(self) -> int:
        return self.random.choice((9_999, 10_000, 68_000, 350_000, 990_000, 2_500_000))

    def name(self, what: str) -> str:
        self.named += 1
        return f"{self.seed}/{self.days_late}/{what}{self.named}"

    def buy(self) -> None:
        self._buy(self.name("sale"), self.amount(), self.now)

    def buy_late(self) -> None:
        days = self.random.choice((1, 5, 40, 200, 500))
        self._buy(self.name("late"), self.amount(), self.now - timedelta(days=days))

    def buy_again(self) -> None:
        """A till that heard no answer; now and then it has another bill under that number."""
        if not self.sales:
            return
        name = self.random.choice(list(self.sales))
        amount, at = self.sales[name]
        entries = Entry.objects.filter(account_id=self.customer.pk).count()
        self.expect(self._record(name, amount, at), "replayed", name)
        self.expect(self._record(name, amount + 1, at), "conflict", name)
        after = Entry.objects.filter(account_id=self.customer.pk).count()
        self.expect(after, entries, f"entries after {name} again")

    def redeem(self) -> None:
        reward = self.random.choice(self.rewards)
        name = self.name("reward")
        try:
            self.book.take("redeem", name, reward.cost_points, self.now)
            expected: object = "redeemed"
        except Refused as refused:
            expected = refused.usable
        self.expect(self._redeem(name, reward), expected, name)

    def adjust(self) -> None:
        name, points = self.name("adjust"), self.random.choice((-40, -3, 5, 60))
        expected: object = "adjusted"
        try:
            if points > 0:
                self.book.give("adjust", name, points, self.now, date.min)
            else:
                self.book.take("adjust", name, -points, self.now)
                self.book.spent.pop(name)  # Not a redemption: nobody cancels it.
        except Refused as refused:
            expected = refused.usable
        self.expect(self._adjust(name, points), expected, name)

    def bonus(self) -> None:
        """Points that can be used only some days later."""
        name, days = self.name("bonus"), self.random.choice((1, 14))
        first_day = (self.now + timedelta(hours=7, days=days)).date()
        self.book.give("earn", name, 9, self.now, first_day)
        due = Credit(self.customer.pk, 9, name, self.now, None, None, {}, first_day)
        ledger.earn(credits_due=[due], source="till", at=self.now, by_id=None)

    def refund(self) -> None:
        left = [name for name, sale in self.book.sales.items() if sale.refunded < sale.amount]
        if not left:
            return
        sale_name = self.random.choice(left)
        sale = self.book.sales[sale_name]
        rest = sale.amount - sale.refunded
        amount = self.random.choice((rest, min(rest, 33_333), rest // 2 + 1))
        name = self.name("refund")
        self.expect(self._refund(name, sale_name, rest + 1), "too much", name)
        taken = self.book.refund(name, sale_name, amount, self.now, self.lowest)
        self.expect(self._refund(name, sale_name, amount), taken, name)
        self.refunds[name] = (sale_name, amount, taken)

    def void(self) -> None:
        left = [name for name, sale in self.book.sales.items() if sale.refunded < sale.amount]
        if left:
            sale_name, name = self.random.choice(left), self.name("void")
            sale = self.book.sales[sale_name]
            rest = sale.amount - sale.refunded
            taken = self.book.refund(name, sale_name, rest, self.now, self.lowest)
            self.expect(self._refund(name, sale_name, None), taken, name)

    def refund_again(self) -> None:
        if self.refunds:
            name = self.random.choice(list(self.refunds))
            sale_name, amount, taken = self.refunds[name]
            self.expect(self._refund(name, sale_name, amount), taken, f"{name} again")
            self.expect(self._refund(name, sale_name, amount + 1), "conflict", f"{name} again")

    def cancel(self) -> None:
        names = [*self.book.spent]
        if not names:
            return
        name = self.random.choice(names)
        redemption = Redemption.objects.select_related("voucher").get(reference=name)
        today = (self.now + timedelta(hours=7)).date()
        act = partial(
            cancel_redemption, redemption=redemption, source="till", reason="", at=self.now, by=None
        )
        if redemption.voucher.expires_on < today:
            self.expect(refusal(act), VoucherRefused, f"cancel {name}")
            return
        self.book.cancel(name, self.now, today)
        self.expect([refusal(act), refusal(act)], [None, None], f"cancel {name}")

    def expect(self, said: object, expected: object, what: str) -> None:
        if said != expected:
            self.complaints.append(f"{what}: {said} instead of {expected}")

    def _buy(self, name: str, amount: int, at: datetime) -> None:
        self.sales[name] = (amount, at)
        expected = self.book.buy(name, amount, at, self.now)
        self.expect(self._record(name, amount, at), expected, name)

    def _record(self, name: str, amount: int, at: datetime) -> object:
        try:
            recorded = record_purchase(
                source="till",
                reference=name,
                customer=self.customer,
                branch=None,
                bill=Bill.of_total(amount),
                at=at,
                recorded_at=self.now,
                by=None,
            )
        except Conflict:
            return "conflict"
        return "replayed" if recorded.replayed else recorded.purchase.points

    def _redeem(self, name: str, reward: Reward) -> object:
        try:
            redeem_reward(
                customer=self.customer,
                reward=reward,
                source="till",
                reference=name,
                at=self.now,
                by=None,
            )
        except InsufficientPoints as refused:
            return refused.available
        return "redeemed"

    def _adjust(self, name: str, points: int) -> object:
        try:
            adjust(
                customer_id=self.customer.pk,
                points=points,
                reason="Counted again",
                expires_on=None,
                source="till",
                reference=name,
                at=self.now,
                by=self.owner,
            )
        except InsufficientPoints as refused:
            return refused.available
        return "adjusted"

    def _refund(self, name: str, sale_name: str, amount: int | None) -> object:
        """The points taken, or why none were. No amount: all of it."""
        request = {
            "purchase": purchase_of(source="till", reference=sale_name),
            "source": "till",
            "reference": name,
            "reason": "",
            "at": self.now,
            "recorded_at": self.now,
            "by": None,
        }
        try:
            if amount is None:
                return void_purchase(**request).points_taken
            return refund_purchase(amount_minor=amount, **request).points_taken
        except Conflict:
            return "conflict"
        except DomainError:
            return "too much"

    def differences(self) -> list[str]:
        """Where the product and the model disagree; each line carries the seed."""
        said, expected = said_by_product(self.customer.pk), said_by_model(self.book)
        wrong = [
            f"{key}: {said[key]} instead of {expected[key]}"
            for key in expected
            if said[key] != expected[key]
        ]
        return [
            f"seed {self.seed}, {self.days_late} late: {one}" for one in self.complaints + wrong
        ]


def refusal(act: Callable[[], object]) -> type[DomainError] | None:
    try:
        act()
    except DomainError as error:
        return type(error)
    return None
