"""
Sales and returns that arrive late, from clocks that are ahead, out of order, returns before their
sale: where every bill earns alike, the customer ends where they would have had everything come in
its order, whatever the jobs did in between.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.proof import verify
from loyalty.programme.versions import publish
from loyalty.purchases.refunds import UnknownPurchase
from loyalty.tiers import proof as tiers_proof
from loyalty.tiers.services import review_tiers
from tests.factories.customers import CustomerFactory
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.properties.kept import Rules
from tests.properties.ledgers import said_by_model, said_of
from tests.properties.model import Book
from tests.properties.shops import CAFE, CHANGE, LONG_AGO, REVIEWED, THRESHOLDS
from tests.properties.standing import Standing, day_of
from tests.properties.till import Till
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = rounds(usual=50, soak=5_000)
BATCH = 25
SEED = os.environ.get("STREAM_SEED")  # One of them alone.
BATCHES = [int(SEED) // BATCH] if SEED else range(NUMBER // BATCH)
FIRST = datetime(2025, 2, 3, 3, 0, tzinfo=UTC)
END = datetime(2029, 1, 1, tzinfo=UTC)
# What the customer has in the end; by which way is for the entries to say.
COMPARED = ("lots", "balance", "spend", "tier", "owed", "activity")


def open_shop():
    """Every tier earns alike, for the tier a late sale finds is the one as known by then."""
    flat = CAFE.replace("= 1.2\n", "= 1\n").replace("= 1.5\n", "= 1\n").replace("= 2\n", "= 1\n")
    shop_with_programme(flat + REVIEWED)
    changed = flat.replace("per_minor = 10_000", "per_minor = 7_000") + REVIEWED
    publish(document=changed, effective_from=CHANGE, at=FIRST, by=None)


def empty_book():
    rules = [
        Rules(LONG_AGO, 10_000, 12, (100,) * 4),
        Rules(CHANGE, 7_000, 12, (100,) * 4),
    ]
    return Book(rules, Standing(THRESHOLDS, 6))


@dataclass(frozen=True)
class Event:
    name: str
    at: datetime  # When it happened,
    told: datetime  # and when the till told us.
    amount: int
    sale_name: str = ""  # Of a return.


class Stream:
    def __init__(self, seed):
        self.seed = seed
        self.random = Random(seed)
        self.till = Till(CustomerFactory(), StaffFactory(role="owner"))
        self.events = [*self._sales()]
        self.events += [*self._returns()]
        self.refused = 0

    def _told(self, at):
        late = timedelta(days=self.random.choice((0, 0, 0, 1, 30, 200, 500)))
        ahead = timedelta(minutes=self.random.choice((0, 0, 0, 1, 10)))
        return at + late - ahead

    def _sales(self):
        at = FIRST
        for number in range(self.random.randrange(3, 8)):
            at += timedelta(days=self.random.randrange(150), minutes=self.random.randrange(1, 900))
            amount = self.random.choice((9_999, 68_000, 350_000, 1_200_000, 3_000_000))
            yield Event(f"{self.seed}/{number}", at, self._told(at), amount)

    def _returns(self):
        for sale in self.events[:: self.random.choice((2, 3))]:
            at = sale.at + timedelta(days=self.random.randrange(60), minutes=1)
            amount = self.random.choice((sale.amount, sale.amount // 3))
            yield Event(f"{sale.name}/back", at, self._told(at), amount, sale.name)

    def tell(self):
        """In the order in which the till tells; a return before its sale is told again."""
        again = []
        for event in sorted(self.events, key=lambda event: event.told):
            if not self._tell(event, event.told):
                again.append(event)
            if self.random.random() < 0.3:
                ledger.expire_due(at=event.told)
            if self.random.random() < 0.1:
                review_tiers(at=event.told)
        self.refused = len(again)
        assert all(self._tell(event, END) for event in again)

    def _tell(self, event, now):
        try:
            if event.sale_name:
                said = self.till.refund(
                    event.name, event.sale_name, event.amount, at=event.at, now=now
                )
            else:
                said = self.till.sell(event.name, event.amount, at=event.at, now=now)
        except UnknownPurchase:
            return False
        assert isinstance(said, int), f"seed {self.seed}: {event}: {said}"
        return True

    def in_order(self):
        """The customer's page, had everything come in its order."""
        book = empty_book()
        for event in sorted(self.events, key=lambda event: event.at):
            book.expire(day_of(event.at))
            if event.sale_name:
                book.refund(event.name, event.sale_name, event.amount, event.at)
            else:
                book.buy(event.name, event.amount, event.at, event.at)
        book.expire(day_of(END))
        return said_by_model(book, day_of(END))


@pytest.mark.parametrize("batch", BATCHES)
def test_any_order_of_telling_ends_where_the_order_of_happening_does(batch):
    open_shop()
    seeds = [int(SEED)] if SEED else range(batch * BATCH, (batch + 1) * BATCH)
    streams = [Stream(seed) for seed in seeds]

    for stream in streams:
        stream.tell()
    ledger.expire_due(at=END)
    review_tiers(at=END)

    pages = said_of([stream.till.customer.pk for stream in streams])
    wrong = []
    for stream in streams:
        said, expected = pages[stream.till.customer.pk], stream.in_order()
        wrong += [
            f"seed {stream.seed}: {key}: {said[key]} instead of {expected[key]}"
            for key in COMPARED
            if said[key] != expected[key]
        ]
    assert wrong == []
    assert verify().problems == ()
    assert tiers_proof.verify(at=END).differences == ()
    if not SEED:
        assert sum(stream.refused for stream in streams) > 0
