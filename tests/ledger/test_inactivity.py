"""Points that last as long as their customer comes back: of a lot's own last day and the customer's
`active_until` the later counts, for everything that asks when points end."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.queries import points_of
from loyalty.ledger.reversals import give_back, take_back
from loyalty.ledger.services import InsufficientPoints
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import spend

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
LATER = date(2027, 3, 31)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def keep(customer, until, *, at=NOON):
    return ledger.keep_alive(until={customer.pk: until}, at=at)[customer.pk]


def noon_of(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=SAIGON)


def lines(customer):
    rows = Entry.objects.filter(account_id=customer.pk).order_by("number")
    return [(row.kind, row.points, row.occurred_at.astimezone(SAIGON).date()) for row in rows]


def test_a_lot_lasts_as_long_as_its_customer_is_active():
    customer = customer_with_points(30, expires_on=TODAY)
    give_points(customer, 7, expires_on=LATER + timedelta(days=1))
    give_points(customer, 5)

    assert keep(customer, LATER) == 42

    on_the_day = points_of(customer.pk, on=LATER)
    assert (on_the_day.usable, on_the_day.expiring) == (
        42,
        ((LATER, 30), (LATER + timedelta(days=1), 7)),
    )
    assert points_of(customer.pk, on=LATER + timedelta(days=1)).usable == 12


def test_points_kept_alive_are_spent_in_the_order_of_their_own_days_and_not_after_the_end():
    customer = customer_with_points(10, expires_on=TODAY)
    give_points(customer, 10, expires_on=TODAY - timedelta(days=1), at=NOON - timedelta(days=9))
    keep(customer, LATER, at=NOON - timedelta(days=9))

    spend(customer, 15, "late", at=noon_of(LATER))

    left = Lot.objects.filter(account=customer.pk).order_by("expires_on")
    assert list(left.values_list("remaining", flat=True)) == [0, 5]
    with pytest.raises(InsufficientPoints) as refused:
        spend(customer, 5, "too late", at=noon_of(LATER) + timedelta(hours=12))
    assert refused.value.available == 0
    assert verify().problems == ()


@pytest.mark.parametrize("days_late", [0, 1, 30])
def test_the_job_expires_at_the_end_of_the_customers_time_however_late_it_runs(days_late):
    customer = customer_with_points(30, expires_on=TODAY)
    keep(customer, LATER)

    assert ledger.expire_due(at=noon_of(LATER)) == 0
    assert ledger.expire_due(at=noon_of(LATER) + timedelta(days=1 + days_late)) == 1
    assert ledger.expire_due(at=noon_of(LATER) + timedelta(days=1 + days_late)) == 0

    assert lines(customer)[1:] == [("expire", -30, LATER + timedelta(days=1))]
    entry = Entry.objects.get(kind="expire")
    assert entry.explanation == {"expires_on": LATER.isoformat()}
    assert verify().problems == ()


def test_it_is_never_shortened():
    customer = customer_with_points(30, expires_on=TODAY)

    keep(customer, LATER)
    keep(customer, TODAY + timedelta(days=1))

    assert Account.objects.get(pk=customer.pk).active_until == LATER


def test_who_comes_back_too_late_finds_the_old_points_gone_whether_the_job_ran_or_not():
    both = [customer_with_points(30, expires_on=TODAY) for _ in range(2)]
    back = noon_of(TODAY + timedelta(days=3))
    ledger.expire_due(at=NOON)

    for customer in both:
        if customer is both[0]:
            ledger.expire_due(at=back)
        assert keep(customer, LATER, at=back) == 0
        give_points(customer, 4, expires_on=LATER, at=back)

    assert lines(both[0]) == lines(both[1])
    assert lines(both[0])[1] == ("expire", -30, TODAY + timedelta(days=1))
    assert [points_of(one.pk, on=LATER).usable for one in both] == [4, 4]
    assert verify().problems == ()


def test_points_given_back_after_their_end_are_not_revived_by_a_later_purchase():
    customer = customer_with_points(30, expires_on=TODAY)
    spent = spend(customer, 30, "all")
    back = noon_of(TODAY + timedelta(days=3))
    keep(customer, LATER, at=back)

    give_back(
        entry_id=spent.entry_id, points=20, source="till", reference="cancel", reason="",
        at=back, recorded_at=back, by_id=None,
    )  # fmt: skip

    assert lines(customer)[2:] == [
        ("reverse", 20, back.date()),
        ("expire", -20, TODAY + timedelta(days=1)),
    ]
    assert Lot.objects.get(account=customer.pk).ended_on == TODAY
    assert verify().problems == ()


def test_points_given_back_before_their_end_live_on():
    customer = customer_with_points(30, expires_on=TODAY)
    keep(customer, LATER)
    spent = spend(customer, 30, "all")
    at = noon_of(LATER)

    give_back(
        entry_id=spent.entry_id, points=30, source="till", reference="cancel", reason="",
        at=at, recorded_at=at, by_id=None,
    )  # fmt: skip

    assert points_of(customer.pk, on=LATER).usable == 30
    assert verify().problems == ()


def test_a_refund_takes_points_that_only_activity_keeps():
    customer = customer_with_points(30, expires_on=TODAY)
    keep(customer, LATER)
    at = noon_of(LATER)

    taken = take_back(
        entry_id=Entry.objects.get().pk, points=30, lowest=0, source="till", reference="refund",
        reason="", explanation={}, at=at, recorded_at=at, by_id=None,
    )  # fmt: skip

    assert (taken.points, taken.balance_after) == (30, 0)


def test_customers_of_a_shop_without_the_rule_have_no_such_day():
    assert Account.objects.get(pk=customer_with_points(5).pk).active_until is None
    assert ledger.keep_alive(until={}, at=NOON) == {}


def test_a_lot_is_marked_as_over_once_and_only_by_the_ledger():
    customer = CustomerFactory()
    give_points(customer, 3, expires_on=TODAY)

    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('ledger_lot', 'UPDATE')")
        assert cursor.fetchone() == (False,)
