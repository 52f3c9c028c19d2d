"""
Random histories from a seed: the same events go to the product and to the model. Sales come on
time, late, years late and twice; the expiry job comes 0, 1 or 30 days after its time.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from customers.models import Customer
from loyalty.errors import Conflict
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Allocation, Entry, Lot
from loyalty.ledger.services import InsufficientPoints
from loyalty.programme.versions import publish
from loyalty.purchases.recording import record_purchase
from loyalty.tiers.models import Standing
from rewards.models import Reward
from rewards.redemption import redeem_reward
from tests.factories.customers import CustomerFactory
from tests.factories.rewards import RewardFactory
from tests.factories.shop import STARTERS, shop_with_programme
from tests.properties.model import Book, Refused, Rules

START = datetime(2025, 1, 6, 2, 0, tzinfo=UTC)
CHANGE = datetime(2025, 9, 1, tzinfo=UTC)
COSTS = (3, 20, 75)
TIERS = ("moi", "bac", "vang", "kim-cuong")
THRESHOLDS = (0, 1_000_000, 3_000_000, 8_000_000)
VERSIONS = [
    Rules(datetime(1990, 1, 1, tzinfo=UTC), 10_000, 12, (100, 120, 150, 200), THRESHOLDS),
    Rules(CHANGE, 8_000, 5, (100, 125, 150, 200), THRESHOLDS),
]
LATENESS = (0, 1, 30)  # Days.


def open_shop() -> list[Reward]:
    """The shop of all histories: rules that change once, and three rewards."""
    shop_with_programme()
    document = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
    for old, new in (
        ("per_minor = 10_000", "per_minor = 8_000"),
        ("months = 12", "months = 5"),
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
    book: Book = field(default_factory=lambda: Book(VERSIONS))
    now: datetime = START
    sales: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.acts: dict[Callable[[], None], int] = {
            self.buy: 10,
            self.buy_late: 4,
            self.buy_again: 2,
            self.redeem: 7,
        }

    def play(self, events: int = 14) -> None:
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
        return f"{self.seed}/{self.days_late}/{what}{len(self.sales)}.{self.book.lines.total()}"

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
            self.book.redeem(name, reward.cost_points, self.now)
            expected: object = "redeemed"
        except Refused as refused:
            expected = refused.usable
        self.expect(self._redeem(name, reward), expected, name)

    def expect(self, said: object, expected: object, what: str) -> None:
        if said != expected:
            self.complaints.append(f"{what}: {said} instead of {expected}")

    def _buy(self, name: str, amount: int, at: datetime) -> None:
        self.sales[name] = (amount, at)
        expected = self.book.buy(name, amount, at)
        self.expect(self._record(name, amount, at), expected, name)

    def _record(self, name: str, amount: int, at: datetime) -> object:
        try:
            recorded = record_purchase(
                source="till",
                reference=name,
                customer=self.customer,
                branch=None,
                amount_minor=amount,
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


def said_by_model(book: Book) -> dict[str, object]:
    return {
        "lines": book.lines,
        "lots": {lot.name: (lot.points, lot.left, lot.last_day) for lot in book.lots},
        "takings": book.takings,
        "balance": book.balance,
        "spend": book.spend,
        "tier": TIERS[book.tier] if book.spend else "",
    }


def said_by_product(customer_id: int) -> dict[str, object]:
    account = Account.objects.filter(pk=customer_id).first()
    standing = Standing.objects.filter(pk=customer_id).first()
    names = {
        lot.pk: lot.entry.reference
        for lot in Lot.objects.filter(account_id=customer_id).select_related("entry")
    }

    def name_of(entry: Entry) -> str:
        if entry.kind != Entry.Kind.EXPIRE:
            return entry.reference
        return f"lot:{names[int(entry.reference.removeprefix('lot:'))]}"

    entries = Entry.objects.filter(account_id=customer_id)
    allocations = Allocation.objects.filter(lot__account_id=customer_id).select_related("entry")
    return {
        "lines": Counter((row.kind, name_of(row), row.points, row.occurred_at) for row in entries),
        "lots": {
            names[lot.pk]: (lot.points, lot.remaining, lot.expires_on)
            for lot in Lot.objects.filter(account_id=customer_id)
        },
        "takings": Counter(
            (name_of(row.entry), names[row.lot_id], row.points) for row in allocations
        ),
        "balance": account.balance if account else 0,
        "spend": standing.spend_minor if standing else 0,
        "tier": standing.tier_key if standing else "",
    }
