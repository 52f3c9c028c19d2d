"""Numbers at the edge of what a machine can count: taken exactly, or refused with nothing written."""

import pytest
from django.db import DatabaseError, transaction

from loyalty.errors import InvalidInput
from loyalty.ledger.models import MAX_POINTS, Account, Entry
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from loyalty.purchases.models import Purchase
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import buy, spend

pytestmark = pytest.mark.django_db
IMPOSSIBLE = [0, -1, -(2**63), MAX_POINTS + 1, 2**31, 2**53, 2**63 - 1, 2**63, 10**400]


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


@pytest.mark.parametrize("points", IMPOSSIBLE, ids=lambda n: f"{n:.3e}" if n < 2**63 else "huge")
def test_points_no_entry_may_have_are_refused(points):
    customer = customer_with_points(5)

    with pytest.raises(InvalidInput) as spending:
        spend(customer, points, "r")
    with pytest.raises(InvalidInput) as earning:
        give_points(customer, points)

    assert (spending.value.field, earning.value.field) == ("points", "points")
    assert (Account.objects.get().balance, Entry.objects.count()) == (5, 1)


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1, 2**53, 2**63 - 1, 2**63, 10**400])
def test_amounts_no_bill_may_have_are_refused(amount):
    with pytest.raises(InvalidInput) as error:
        buy(CustomerFactory(), "R-1", amount_minor=amount)

    assert error.value.field == "amount"
    assert not Purchase.objects.exists()


@pytest.mark.parametrize(("amount", "points"), [(1, 0), (2**31, 214_748), (10**12, 10**8)])
def test_amounts_at_the_edge_earn_to_the_point(amount, points):
    assert buy(CustomerFactory(), "R-1", amount_minor=amount).purchase.points == points


def test_the_largest_entry_is_earned_and_spent_to_the_point():
    customer = customer_with_points(MAX_POINTS)
    give_points(customer, MAX_POINTS, reference="second")

    with pytest.raises(InsufficientPoints) as error:
        spend(customer_with_points(1), MAX_POINTS, "other")
    assert error.value.available == 1
    assert spend(customer, MAX_POINTS, "first").balance_after == MAX_POINTS
    assert spend(customer, MAX_POINTS, "second").balance_after == 0
    assert verify().problems == ()


@pytest.mark.parametrize("reference", ["", "x" * 101])
def test_a_reference_that_is_none_is_refused(reference):
    with pytest.raises((InvalidInput, DatabaseError)), transaction.atomic():
        buy(CustomerFactory(), reference)

    assert not Purchase.objects.exists()
