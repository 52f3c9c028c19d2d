"""The database hangs up, or keeps us waiting: one effect, or none."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection

from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.purchases.models import Activity, Purchase
from loyalty.purchases.refunds import purchase_of, refund_purchase
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


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


def redeem(customer, reward, reference):
    return redeem_reward(
        customer=customer, reward=reward, source="till", reference=reference, at=NOON, by=None
    )


def test_tills_that_are_cut_off_in_the_middle_repeat_themselves_and_count_once():
    customers = [CustomerFactory() for _ in range(4)]
    each = rounds(usual=30, soak=250)
    sold, retries = [], []

    def till(customer):
        try:
            for number in range(each):
                sell_stubbornly(customer, f"{customer.pk}/{number}", retries)
                sold.append(number)
        finally:
            connection.close()

    tills = [threading.Thread(target=till, args=(customer,)) for customer in customers]
    for thread in tills:
        thread.start()
    cut_connections(tills, sold, random.Random(9))

    assert len(retries) > each // 5  # A sale is in the database for a millisecond only.
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


def cut_connections(tills: list[threading.Thread], sold: list[int], chance: random.Random) -> None:
    """
    As long as the tills are at work, after every second sale or so, end one connection that is
    in the middle of something.
    """
    with psycopg.connect(database.owner_url("postgres"), autocommit=True) as owner:
        wait_for = 0
        while any(till.is_alive() for till in tills):
            time.sleep(chance.uniform(0, 0.002))
            if len(sold) < wait_for:
                continue
            busy = owner.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = %s AND usename = 'loyalty_app' AND xact_start IS NOT NULL",
                [database.name()],
            ).fetchall()
            if busy:
                owner.execute("SELECT pg_terminate_backend(%s)", chance.choice(busy))
                wait_for = len(sold) + chance.randrange(3)


def test_a_sale_is_answered_though_the_database_hangs_up_before_what_follows_it():
    """The referral of its customer is looked at once the sale stands; a sweep does it else."""
    customer = CustomerFactory()

    def hang_up(execute, sql, *rest):
        if "rewards_referral" in sql:
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, *rest)

    with connection.execute_wrapper(hang_up):
        sold, returned = buy(customer, "R-1"), refund_purchase(**refund_of("R-1"))

    assert (sold.balance, returned.balance_after) == (10, 5)
    assert Purchase.objects.get().refunded_minor == 50_000


def refund_of(reference):
    return {
        "purchase": purchase_of(source="till", reference=reference),
        "amount_minor": 50_000,
        "source": "till",
        "reference": "back",
        "reason": "",
        "at": NOON,
        "recorded_at": NOON,
        "by": None,
    }


@contextmanager
def account_held(customer) -> Iterator[None]:
    """An administrator's session sits on the customer's account."""
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("SELECT FROM ledger_account WHERE customer_id = %s FOR UPDATE", [customer.pk])
        yield


def test_a_till_gives_up_waiting_after_four_seconds_and_may_try_again():
    customer = customer_with_points(10)
    longest = rounds(usual=1, soak=4)  # Seconds. Four are the role's own setting.
    if longest < 4:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")

    with account_held(customer):
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            buy(customer, "R-1")
        waited = time.monotonic() - began

    assert longest - 0.1 < waited < longest + 1
    assert buy(customer, "R-1").balance == 20
    connection.close()


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
