"""
The line to the database dies while an answer is on its way: of some statement, or of the commit.
The till is told to ask again, and hears what the first try did, or does it then. Never twice.
"""

from collections.abc import Iterator

import pytest
from django.db import connection

from loyalty.ledger import proof
from loyalty.ledger.models import Account
from loyalty.purchases.models import Purchase
from rewards.models import Redemption
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.support.rounds import rounds
from tests.support.wire import CuttingProxy
from tests.web.api.calling import Caller, caller, problem

pytestmark = pytest.mark.django_db(transaction=True)
ANSWERS = 30  # More than the database gives to a request on a new connection.


@pytest.fixture
def till(transactional_db) -> Caller:
    shop_with_programme()
    return caller(name="Till")


@pytest.fixture
def wire(till) -> Iterator[CuttingProxy]:
    """Between this thread's connection and the server."""
    address = connection.settings_dict
    kept = {name: address[name] for name in ("HOST", "PORT")}
    proxy = CuttingProxy(kept["HOST"], int(kept["PORT"]))
    connection.close()
    address.update(HOST="127.0.0.1", PORT=str(proxy.port))
    yield proxy
    proxy.close()
    connection.close()
    address.update(kept)


def ask_until_heard(till, wire, path, body, *, after, counted, key):
    """The answer to the second try, and whether the first had counted though its answer was lost."""
    headers = {"Idempotency_Key": key} if key else {}
    connection.close()
    connection.ensure_connection()
    before = counted()
    wire.cut(after=after)
    first = till.post(path, body, **headers)
    if wire.was_cut:
        assert problem(first) == (503, "unavailable", [])
        assert first.headers["Retry-After"] == "5"
    wire.mend()
    connection.close()
    had_counted = wire.was_cut and counted() == before + 1
    again = till.post(path, body, **headers)
    assert (again.status_code, counted()) == (201, before + 1)
    assert first.status_code == 503 or again.content == first.content
    return again, had_counted


def lose_answers(till, wire, path, body_of, *, counted, with_key) -> int:
    """
    Cut the line once after each answer of a request, and then again and again where the effect had
    been committed by then. Returns how many requests there were.
    """
    wanted, lost, where, trial = rounds(usual=20, soak=200), 0, None, 0
    while lost < wanted:
        _told, had_counted = ask_until_heard(
            till,
            wire,
            path,
            body_of(trial),
            after=trial if trial < ANSWERS or where is None else where,
            counted=counted,
            key=f"lost-{trial:05}" if with_key else None,
        )
        where = trial if had_counted and trial < ANSWERS else where
        lost, trial = lost + had_counted, trial + 1
        assert trial < 2 * (ANSWERS + wanted)
    return trial


@pytest.mark.parametrize("with_key", [False, True])
def test_a_sale_whose_answer_was_lost_counts_once(till, wire, with_key):
    customer = CustomerFactory(phone="+84912345678")

    def sale(trial):
        return {"reference": f"HD-{trial}", "customer": "0912345678", "total_minor": 100_000}

    trials = lose_answers(
        till, wire, "/purchases", sale, counted=Purchase.objects.count, with_key=with_key
    )

    points = [purchase.points for purchase in Purchase.objects.all()]
    assert len(points) == trials
    assert Account.objects.get(pk=customer.pk).balance == sum(points)
    assert proof.verify().problems == ()


def test_a_redemption_whose_answer_was_lost_counts_once(till, wire):
    customer = customer_with_points(10_000, phone="+84912345678")
    RewardFactory(key="tea", cost_points=10)

    def redeemed(trial):
        return {"customer": "0912345678", "reward": "tea", "reference": f"DQ-{trial}"}

    trials = lose_answers(
        till, wire, "/redemptions", redeemed, counted=Redemption.objects.count, with_key=True
    )

    assert Account.objects.get(pk=customer.pk).balance == 10_000 - 10 * trials
    assert proof.verify().problems == ()
