"""Points changed by hand: for a reason, within a limit, and above it by two people."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.ledger.adjustments import NotAllowed, adjust, approve, decline
from loyalty.ledger.models import Account, Adjustment, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.shop import StaffFactory, shop_with_programme

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


@pytest.fixture
def owner():
    return StaffFactory(role="owner")


@pytest.fixture
def manager():
    return StaffFactory(role="manager")


def change(customer, points, by, *, reference="a-1", reason="Machine was down", expires_on=None):
    return adjust(
        customer_id=customer.pk,
        points=points,
        reason=reason,
        expires_on=expires_on,
        source="office",
        reference=reference,
        at=NOON,
        by=by,
    )


def balance(customer):
    return Account.objects.get(customer=customer).balance


def test_within_the_limit_points_are_posted_at_once_with_author_and_reason(manager):
    customer = CustomerFactory()

    made = change(customer, 500, manager, expires_on=date(2027, 6, 30))

    entry = Entry.objects.get()
    assert (made.state, made.entry) == ("posted", entry)
    assert (entry.kind, entry.points, entry.balance_after) == ("adjust", 500, 500)
    assert (entry.recorded_by, entry.approved_by, entry.reason) == (
        *(manager, None),
        "Machine was down",
    )
    assert Lot.objects.get().expires_on == date(2027, 6, 30)
    assert verify().problems == ()


def test_points_are_taken_all_or_none(manager):
    customer = customer_with_points(30)

    with pytest.raises(InsufficientPoints):
        change(customer, -31, manager)
    assert (balance(customer), Adjustment.objects.count()) == (30, 0)

    assert change(customer, -30, manager).entry.points == -30
    assert balance(customer) == 0


@pytest.mark.parametrize("points", [501, -501])
def test_above_the_limit_nothing_moves_until_the_owner_agrees(manager, owner, points):
    customer = customer_with_points(1_000)

    waiting = change(customer, points, manager)
    assert (waiting.state, waiting.entry, balance(customer)) == ("waiting", None, 1_000)
    for refused in (manager, StaffFactory(role="manager"), StaffFactory()):
        with pytest.raises(NotAllowed):
            approve(adjustment_id=waiting.pk, at=LATER, by=refused)
    assert balance(customer) == 1_000

    made = [approve(adjustment_id=waiting.pk, at=LATER, by=owner) for _time in range(2)][-1]

    assert (made.state, balance(customer)) == ("posted", 1_000 + points)
    entry = Entry.objects.get(kind="adjust")
    assert (entry.recorded_by, entry.approved_by) == (manager, owner)
    assert (entry.occurred_at, entry.recorded_at) == (LATER, LATER)
    assert verify().problems == ()


def test_an_owner_above_the_own_limit_needs_a_second_person_too(owner, manager):
    customer = CustomerFactory()
    waiting = change(customer, 5_001, owner)

    with pytest.raises(NotAllowed):
        approve(adjustment_id=waiting.pk, at=LATER, by=owner)

    assert approve(adjustment_id=waiting.pk, at=LATER, by=manager).state == "posted"


def test_a_declined_adjustment_stays_declined(owner, manager):
    customer = customer_with_points(10)
    waiting = change(customer, 800, manager)

    assert decline(adjustment_id=waiting.pk, at=LATER, by=owner).state == "declined"
    with pytest.raises(DomainError, match="không được duyệt"):
        approve(adjustment_id=waiting.pk, at=LATER, by=owner)

    assert balance(customer) == 10
    posted = change(customer, 1, manager, reference="a-2")
    with pytest.raises(DomainError, match="đã ghi"):
        decline(adjustment_id=posted.pk, at=LATER, by=owner)


def test_a_cashier_changes_no_points():
    with pytest.raises(NotAllowed):
        change(CustomerFactory(), 1, StaffFactory())

    assert not Adjustment.objects.exists()


@pytest.mark.parametrize(("points", "reason"), [(0, "Why not"), (10**9 + 1, "Many"), (5, " ")])
def test_nothing_is_adjusted_by_nothing_or_without_a_reason(owner, points, reason):
    with pytest.raises(InvalidInput):
        change(CustomerFactory(), points, owner, reason=reason)

    assert not Adjustment.objects.exists()


def test_the_same_adjustment_twice_is_one(manager):
    customer = CustomerFactory()
    first = change(customer, 10, manager)

    assert change(customer, 10, manager) == first
    with pytest.raises(Conflict):
        change(customer, 11, manager)

    assert balance(customer) == 10


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"state": "posted", "decided": "other"}, "posted_exactly_with_an_entry"),
        ({"decided": "author"}, "decided_by_another_person"),
        ({"reason": ""}, "has_a_reason"),
        ({"points": 0}, "moves_points"),
    ],
)
def test_the_database_wants_two_people_and_a_reason(manager, columns, rule):
    waiting = change(customer_with_points(1), 501, manager)
    if "decided" in columns:
        person = manager if columns["decided"] == "author" else StaffFactory(role="owner")
        columns = columns | {"decided_by": person, "decided_at": LATER}
        del columns["decided"]

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Adjustment.objects.filter(pk=waiting.pk).update(**columns)


def test_the_database_posts_nothing_above_the_limit_for_one_person(manager):
    posted = change(CustomerFactory(), 500, manager)

    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        Adjustment.objects.filter(pk=posted.pk).update(points=501)
