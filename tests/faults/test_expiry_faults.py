"""The expiry job runs twice, in parallel, late and is killed half way: one entry for each lot."""

import random
import time
from datetime import date, timedelta
from functools import partial

import psycopg
import pytest
from django.db import DatabaseError, connection

from loyalty.ledger import services as ledger
from loyalty.ledger.models import Entry, Lot
from loyalty.ledger.proof import verify
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import spend
from tests.faults.together import together
from tests.support import database
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)
LATENESS = (0, 1, 30)  # Days.
FOR_EVER = None


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


def customers_with_lots(trial):
    """Six customers with two lots that end, one of them spent in part, and one that does not."""
    customers = [CustomerFactory() for _ in range(6)]
    for customer in customers:
        for points, last_day in ((10, TODAY), (7, YESTERDAY), (5, FOR_EVER)):
            give_points(customer, points, expires_on=last_day, reference=f"{customer.pk}/{points}")
        spend(customer, 4, f"{trial}/{customer.pk}", at=NOON)  # From the lot that ends today.
    return customers


def kill_one_job(delay):
    """End the session of one job, if one is at work by then; return how many were."""
    time.sleep(delay)
    with psycopg.connect(database.owner_url("postgres"), autocommit=True) as owner:
        return len(
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND usename = 'loyalty_app' AND state = 'active'"
                " AND query LIKE 'SELECT ledger_expire%%' LIMIT 1",
                [database.name()],
            ).fetchall()
        )


def test_expiry_in_parallel_late_and_killed_half_way_is_one_entry_a_lot():
    chance, killed, longest = random.Random(24), 0, 0.03  # Seconds until the shot.
    for trial in range(rounds(usual=20, soak=100)):
        customers = customers_with_lots(trial)
        at = NOON + timedelta(days=1 + LATENESS[trial % 3])

        *jobs, shots = together(
            *[partial(ledger.expire_due, at=at)] * 3,
            partial(kill_one_job, chance.uniform(0, longest)),
        )
        longest = min(longest * 1.5, 0.1) if shots else longest / 2  # As fast as the machine is.

        dead = [job for job in jobs if not isinstance(job, int)]
        assert all(isinstance(job, DatabaseError) for job in dead), f"trial {trial}: {jobs}"
        assert len(dead) <= shots
        killed += len(dead)
        ledger.expire_due(at=at)
        assert ledger.expire_due(at=at) == 0
        ids = [customer.pk for customer in customers]
        expired = Entry.objects.filter(kind="expire", account__in=ids)
        assert list(
            expired.order_by("account_id", "number").values_list(
                "account_id", "points", "occurred_at__date"
            )
        ) == [row for pk in ids for row in ((pk, -7, YESTERDAY), (pk, -6, TODAY))], trial
        left = Lot.objects.filter(account__in=ids, remaining__gt=0)
        assert list(left.values_list("remaining", "expires_on")) == [(5, FOR_EVER)] * 6
    assert killed > 0
    assert verify().problems == ()


def test_expiry_that_is_stopped_between_any_two_customers_goes_on_where_it_was():
    for trial in range(rounds(usual=20, soak=100)):
        customers = customers_with_lots(trial)
        stop_after = trial % 6

        with (
            connection.execute_wrapper(Stopping(after=stop_after)),
            pytest.raises(InterruptedError),
        ):
            ledger.expire_due(at=NOON)
        mine = Lot.objects.filter(account__in=[customer.pk for customer in customers])
        assert mine.filter(expires_on=YESTERDAY, remaining=0).count() == stop_after

        assert ledger.expire_due(at=NOON) == 6 - stop_after
        assert mine.filter(expires_on=YESTERDAY, remaining=0).count() == 6
        ledger.expire_due(at=NOON + timedelta(days=1))
    assert verify().problems == ()


class Stopping:
    """The worker dies when it begins with the customer after this many."""

    def __init__(self, *, after: int) -> None:
        self.after = after

    def __call__(self, execute, sql, *rest):
        if "ledger_expire(" in sql:
            self.after -= 1
            if self.after < 0:
                raise InterruptedError
        return execute(sql, *rest)


@pytest.mark.parametrize("points", [1, 30])
def test_a_lot_that_ends_tonight_is_spent_or_expires_and_never_both(points):
    midnight = NOON + timedelta(hours=12)
    for trial in range(rounds(usual=20, soak=100)):
        customer = CustomerFactory()
        give_points(customer, 30, expires_on=TODAY)

        said, expired = together(
            partial(spend, customer, points, f"{trial}", at=midnight - timedelta(seconds=1)),
            partial(ledger.expire_due, at=midnight),
        )

        entries = [
            tuple(row)
            for row in Entry.objects.filter(account_id=customer.pk)
            .order_by("number")
            .values_list("kind", "points")
        ]
        if isinstance(said, ledger.InsufficientPoints):
            assert (entries, expired) == ([("earn", 30), ("expire", -30)], 1)
        else:
            rest = [("expire", points - 30)] if expired else []
            assert entries == [("earn", 30), ("redeem", -points), *rest]
        ledger.expire_due(at=midnight)
    assert verify().problems == ()
