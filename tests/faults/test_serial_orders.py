"""
Redeeming, refunding, cancelling, buying and expiry of one customer at once: what each till heard
and what is left is what they would have come to one after the other, in one order or another. The
orders are tried in plain Python.
"""

from copy import deepcopy
from datetime import date, datetime, timedelta
from functools import partial
from itertools import permutations

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from loyalty.purchases.refunds import void_purchase
from rewards.cancelling import cancel_redemption
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import buy
from tests.faults.together import together
from tests.properties.kept import Lot, Rules
from tests.properties.ledgers import said_by_model, said_by_product
from tests.properties.model import Book, Refused
from tests.properties.standing import Standing
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)
CAFE = [Rules(datetime.min.replace(tzinfo=NOON.tzinfo), 10_000, 12, (100,))]
COMPARED = ("lots", "balance", "spend", "owed", "activity")


def opening_book(trial):
    """A lot that ended yesterday, 20 points of a sale, and a redemption that took 15 of those."""
    book = Book(CAFE, Standing((0,)))
    book.lots.append(Lot(f"{trial}/old", 20, 20, YESTERDAY, end=YESTERDAY))
    book.buy(f"{trial}/sale", 200_000, NOON, NOON)
    book.redeem(f"{trial}/first", 15, NOON)
    return book


def acts_of_model(trial):
    def redeem(book):
        try:
            book.redeem(f"{trial}/second", 15, NOON)
        except Refused as refused:
            return refused.usable
        return "redeemed"

    return {
        "redeem": redeem,
        "void": lambda book: book.refund(f"{trial}/void", f"{trial}/sale", 200_000, NOON),
        "cancel": lambda book: book.cancel(f"{trial}/first", NOON),
        "expire": lambda book: book.expire(TODAY),
        "buy": lambda book: book.buy(f"{trial}/late", 100_000, NOON, NOON),
    }


def serial_outcomes(trial):
    """What each order of the acts comes to: what the tills heard, and the page afterwards."""
    acts = acts_of_model(trial)
    outcomes = []
    for order in permutations(acts):
        book = deepcopy(opening_book(trial))
        heard = {name: acts[name](book) for name in order}
        book.expire(TODAY)
        page = said_by_model(book)
        outcomes.append(
            ({name: heard[name] for name in acts}, {key: page[key] for key in COMPARED})
        )
    return outcomes


def acts_of_product(customer, reward, trial):
    redeem = partial(redeem_reward, customer=customer, reward=reward, source="till", by=None)
    give_points(customer, 20, expires_on=YESTERDAY, reference=f"{trial}/old")
    sale = buy(customer, f"{trial}/sale", amount_minor=200_000).purchase
    first = redeem(reference=f"{trial}/first", at=NOON)
    undo = {"source": "till", "reason": "", "at": NOON, "by": None}
    return {
        "redeem": partial(redeem, reference=f"{trial}/second", at=NOON),
        "void": partial(
            void_purchase, purchase=sale, reference=f"{trial}/void", recorded_at=NOON, **undo
        ),
        "cancel": partial(cancel_redemption, redemption=first, **undo),
        "expire": partial(ledger.expire_due, at=NOON),
        "buy": partial(buy, customer, f"{trial}/late"),
    }


def heard_by_till(name, outcome):
    if isinstance(outcome, InsufficientPoints):
        return outcome.available
    assert not isinstance(outcome, Exception), f"{name}: {outcome!r}"
    if name == "redeem":
        return "redeemed"
    if name == "buy":
        return outcome.purchase.points
    if name == "cancel":
        return "cancelled"
    return outcome.points_taken if name == "void" else None


def test_acts_at_once_come_to_what_some_order_of_them_does(transactional_db):
    shop_with_programme()
    reward = RewardFactory(cost_points=15)
    seen = set()
    for trial in range(rounds(usual=20, soak=500)):
        customer = CustomerFactory()
        acts = acts_of_product(customer, reward, trial)

        outcomes = together(*acts.values())

        heard = {name: heard_by_till(name, one) for name, one in zip(acts, outcomes, strict=True)}
        ledger.expire_due(at=NOON)
        page = said_by_product(customer.pk)
        result = (heard, {key: page[key] for key in COMPARED})
        assert result in serial_outcomes(trial), f"trial {trial}: {result}"
        seen.add(str((heard["redeem"], page["balance"])))
    assert verify().problems == ()
    assert len(seen) > 1, "the tills never came in different orders"
