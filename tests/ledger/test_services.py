"""Points move only by entries, never below zero, and the database keeps it so."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from loyalty.errors import InvalidInput
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.queries import Points, points_of
from loyalty.ledger.services import InsufficientPoints
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.shop import shop_with_programme

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def spend(customer, points, reference="redeem-1", at=NOON):
    return ledger.spend(
        customer_id=customer.pk,
        points=points,
        source="test",
        reference=reference,
        reason="",
        at=at,
        by_id=None,
    )


def balance_and_entries(customer):
    account = Account.objects.get(customer=customer)
    return account.balance, account.entries.count()


def remaining(customer):
    return list(
        Lot.objects.filter(account_id=customer.pk)
        .order_by("id")
        .values_list("remaining", flat=True)
    )


def test_points_are_added_as_a_numbered_entry_with_a_lot():
    customer = customer_with_points(120, expires_on=date(2027, 11, 30))

    entry = Entry.objects.get(account_id=customer.pk)
    assert (entry.number, entry.kind, entry.points, entry.balance_after) == (1, "earn", 120, 120)
    assert (entry.lot.points, entry.lot.remaining) == (120, 120)
    assert entry.lot.expires_on == date(2027, 11, 30)


def test_many_credits_are_numbered_in_their_order_for_each_customer():
    first, second = CustomerFactory(), CustomerFactory()
    version = shop_with_programme()
    due = [
        ledger.Credit(customer.pk, points, f"r{n}", NOON, None, version.pk, {})
        for n, (customer, points) in enumerate([(first, 5), (second, 7), (first, 3)])
    ]

    posted = ledger.earn(credits_due=due, source="test", at=NOON, by_id=None)

    assert [posted[f"r{n}"].balance_after for n in range(3)] == [5, 7, 8]
    assert list(Entry.objects.filter(account_id=first.pk).values_list("number", "points")) == [
        (1, 5),
        (2, 3),
    ]


def test_spending_takes_from_the_lot_that_ends_first_and_never_ending_ones_last():
    customer = customer_with_points(10)
    give_points(customer, 20, expires_on=date(2027, 3, 31))
    give_points(customer, 30, expires_on=date(2026, 12, 31))

    assert spend(customer, 45).balance_after == 15

    assert remaining(customer) == [10, 5, 0]


def test_spending_more_than_the_balance_is_refused_and_changes_nothing():
    customer = customer_with_points(99)

    with pytest.raises(InsufficientPoints) as error:
        spend(customer, 100)

    assert (error.value.needed, error.value.available) == (100, 99)
    assert balance_and_entries(customer) == (99, 1)
    assert remaining(customer) == [99]


def test_points_past_their_last_day_cannot_be_spent_even_when_no_job_has_run():
    customer = customer_with_points(50, expires_on=TODAY - timedelta(days=1))
    give_points(customer, 30, expires_on=TODAY)

    with pytest.raises(InsufficientPoints) as error:
        spend(customer, 31)

    assert error.value.available == 30
    assert points_of(customer.pk, on=TODAY) == Points(30, ((TODAY, 30),))


def test_the_last_day_ends_at_midnight_in_the_shop_not_in_utc():
    customer = customer_with_points(10, expires_on=TODAY)
    last_second = NOON.replace(hour=16, minute=59, second=59)  # 23:59:59 in the shop.

    with pytest.raises(InsufficientPoints):
        spend(customer, 1, at=last_second + timedelta(seconds=1))

    assert spend(customer, 10, at=last_second).balance_after == 0


def test_expiry_takes_the_unspent_rest_once_dated_at_the_end_of_the_last_day():
    customer = customer_with_points(50, expires_on=TODAY - timedelta(days=1))
    spend(customer, 20, at=NOON - timedelta(days=2))

    assert [ledger.expire_due(at=NOON) for _run in range(2)] == [1, 0]

    entry = Entry.objects.get(account_id=customer.pk, kind="expire")
    assert (entry.points, entry.balance_after) == (-30, 0)
    assert entry.occurred_at.isoformat() == "2026-11-21T17:00:00+00:00"  # Midnight in the shop.


@pytest.mark.parametrize("days_late", [0, 1, 30])
def test_expiry_gives_the_same_ledger_however_late_it_runs(days_late):
    customer = customer_with_points(50, expires_on=TODAY)
    give_points(customer, 5, expires_on=TODAY + timedelta(days=60))

    ledger.expire_due(at=NOON + timedelta(days=1 + days_late))

    assert list(
        Entry.objects.filter(account_id=customer.pk).values_list("points", "occurred_at__date")
    )[2:] == [(-50, TODAY)]


def test_an_event_is_posted_once():
    customer = customer_with_points(150)
    spend(customer, 100, reference="k")

    with pytest.raises(DatabaseError, match="entry_once_per_event"), transaction.atomic():
        spend(customer, 10, reference="k")

    assert balance_and_entries(customer) == (50, 2)


@pytest.mark.parametrize("points", [0, -5, 10**9 + 1])
def test_impossible_credits_are_refused(points):
    customer = CustomerFactory()

    with pytest.raises(InvalidInput):
        give_points(customer, points)

    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET points = 1000",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry CASCADE",
        "INSERT INTO ledger_allocation (lot_id, entry_id, points) SELECT id, entry_id, 1 FROM ledger_lot",
        "UPDATE ledger_account SET balance = 1000",
        "UPDATE ledger_lot SET remaining = 0",
        "DELETE FROM ledger_lot",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TABLE ledger_allocation",
    ],
)
def test_the_products_own_role_may_not_touch_the_ledger(statement):
    customer_with_points(150)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert verify().points == 150


def test_the_orm_may_not_touch_it_either():
    customer = customer_with_points(150)

    for forbidden in (
        lambda: Entry.objects.update(points=1_000),
        lambda: Entry.objects.all()._raw_delete("default"),
        lambda: Account.objects.update(balance=1_000),
        lambda: Lot.objects.update(remaining=1),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()

    assert balance_and_entries(customer) == (150, 1)


def test_a_new_customer_has_nothing():
    assert points_of(CustomerFactory().pk, on=TODAY) == Points(0, ())
    with pytest.raises(InsufficientPoints) as error:
        spend(CustomerFactory(), 1)
    assert error.value.available == 0
