"""The database gives a transaction up, hangs up, or keeps us waiting: one effect, or none."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.purchases.models import Activity, Purchase
from loyalty.transactions import TRIES
from rewards.models import Redemption
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import buy
from tests.support import database
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
GIVEN_UP = {"40001": "serialization failure", "40P01": "deadlock"}


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


class GiveUp:
    """Lets the server itself fail statement number `at`, the first `times` it is reached."""

    def __init__(self, *, at: int, code: str, times: int = 1) -> None:
        self.at, self.code, self.times, self.seen = at, code, times, 0

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self.seen += 1
        if self.seen == self.at and self.times:
            self.times -= 1
            self.seen = 0
            with connection.connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE SQLSTATE '{self.code}'; END $$")
        return execute(sql, *rest)


def statements_of(act: Callable[[], object]) -> int:
    counter = GiveUp(at=0, code="")
    with connection.execute_wrapper(counter):
        act()
    return counter.seen


def redeem(customer, reward, reference):
    return redeem_reward(
        customer=customer, reward=reward, source="till", reference=reference, at=NOON, by=None
    )


@contextmanager
def django_errors() -> Iterator[None]:
    """The driver's error, raised beneath Django, as Django would have passed it on."""
    with connection.wrap_database_errors:
        yield


class GiveUpAsDjango(GiveUp):
    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        with django_errors():
            return super().__call__(execute, sql, *rest)


@pytest.mark.parametrize("code", GIVEN_UP)
def test_a_sale_given_up_at_any_statement_is_recorded_once(code):
    customer = CustomerFactory()
    statements = statements_of(partial(buy, customer, "first", amount_minor=10_000))
    assert statements > 5
    trials = rounds(usual=1, soak=20)
    for at in range(1, statements + 1):
        for trial in range(trials):
            with connection.execute_wrapper(GiveUpAsDjango(at=at, code=code)):
                answer = buy(customer, f"{at}/{trial}", amount_minor=10_000)
                assert (answer.purchase.points, answer.replayed) == (1, False)

    sales = 1 + statements * trials
    assert Purchase.objects.count() == Entry.objects.count() == sales
    assert Activity.objects.get(customer=customer).purchases == sales
    assert verify().problems == ()


@pytest.mark.parametrize("code", GIVEN_UP)
def test_a_redemption_given_up_at_any_statement_happens_once(code):
    customer = customer_with_points(10_000)
    reward = RewardFactory(cost_points=10, stock=1_000)
    statements = statements_of(partial(redeem, customer, reward, "first"))
    assert statements == 1
    for at in range(1, statements + 1):
        with connection.execute_wrapper(GiveUpAsDjango(at=at, code=code)):
            redeem(customer, reward, f"{at}")

    reward.refresh_from_db()
    assert Redemption.objects.count() == 1 + statements
    assert reward.stock == 1_000 - 1 - statements
    assert Account.objects.get(customer=customer).balance == 10_000 - 10 * (1 + statements)
    assert verify().problems == ()


def test_a_sale_given_up_again_and_again_is_an_error_in_the_end_and_leaves_nothing():
    customer = CustomerFactory()
    stubborn = GiveUpAsDjango(at=3, code="40001", times=TRIES)

    with connection.execute_wrapper(stubborn), pytest.raises(OperationalError):
        buy(customer, "R-1")

    assert stubborn.times == 0
    assert not Purchase.objects.exists()
    assert buy(customer, "R-1").purchase.points == 10


def test_inside_a_callers_transaction_nothing_is_tried_again():
    customer = CustomerFactory()
    once = GiveUpAsDjango(at=5, code="40001")

    with (
        connection.execute_wrapper(once),
        pytest.raises(OperationalError),
        transaction.atomic(),
    ):
        buy(customer, "R-1")

    assert not Purchase.objects.exists()


def test_tills_that_are_cut_off_in_the_middle_repeat_themselves_and_count_once():
    customers = [CustomerFactory() for _ in range(4)]
    each = rounds(usual=15, soak=250)
    stop, retries = threading.Event(), []

    def till(customer):
        try:
            for number in range(each):
                sell_stubbornly(customer, f"{customer.pk}/{number}", retries)
        finally:
            connection.close()

    cutter = threading.Thread(target=cut_connections, args=(stop, random.Random(9)))
    tills = [threading.Thread(target=till, args=(customer,)) for customer in customers]
    for thread in (cutter, *tills):
        thread.start()
    for thread in tills:
        thread.join()
    stop.set()
    cutter.join()

    assert len(retries) > 3
    connection.close()  # Ours may have been cut too.
    assert Purchase.objects.count() == Entry.objects.count() == 4 * each
    assert {row.purchases for row in Activity.objects.all()} == {each}
    assert verify().problems == ()


def sell_stubbornly(customer, reference, retries):
    while True:
        try:
            buy(customer, reference, amount_minor=10_000)
            return
        except (OperationalError, InterfaceError):
            retries.append(reference)
            connection.close()


def cut_connections(stop: threading.Event, chance: random.Random) -> None:
    """Every few milliseconds, end one connection that is in the middle of something."""
    with psycopg.connect(database.owner_url("postgres"), autocommit=True) as owner:
        while not stop.wait(0.04):
            busy = owner.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = %s AND usename = 'loyalty_app' AND xact_start IS NOT NULL",
                [database.name()],
            ).fetchall()
            if busy:
                owner.execute("SELECT pg_terminate_backend(%s)", chance.choice(busy))


@contextmanager
def account_held(customer) -> Iterator[None]:
    """An administrator's session sits on the customer's account."""
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("SELECT FROM ledger_account WHERE customer_id = %s FOR UPDATE", [customer.pk])
        yield


def test_a_till_gives_up_waiting_after_four_seconds_and_may_try_again():
    customer = customer_with_points(10)

    with account_held(customer):
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            buy(customer, "R-1")
        waited = time.monotonic() - began

    assert 3.9 < waited < 5  # Seconds.
    assert buy(customer, "R-1").balance == 20


def test_a_till_that_gave_up_waiting_has_written_nothing():
    customer, reward = customer_with_points(10), RewardFactory(cost_points=10, stock=1)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '20ms'")
    for trial in range(rounds(usual=20, soak=50)):
        with account_held(customer):
            for act in (partial(buy, customer), partial(redeem, customer, reward)):
                with pytest.raises(OperationalError, match="lock timeout"):
                    act(reference=f"R-{trial}")
    connection.close()

    assert (Purchase.objects.count(), Redemption.objects.count()) == (0, 0)
    assert redeem(customer, reward, "R-0").cost_points == 10
