"""Points with a first day: they are there, they are shown, and they cannot be spent before it."""

from datetime import date, timedelta

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.proof import verify
from loyalty.ledger.queries import Points, points_of
from loyalty.ledger.reversals import take_back
from loyalty.ledger.services import Credit, InsufficientPoints
from loyalty.programme.versions import in_force
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import spend

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def give_pending(customer, points, usable_from, expires_on=None, reference="pending"):
    due = Credit(
        customer_id=customer.pk,
        points=points,
        reference=reference,
        occurred_at=NOON,
        expires_on=expires_on,
        version_id=in_force(NOON).version_id,
        explanation={},
        usable_from=usable_from,
    )
    return ledger.earn(credits_due=[due], source="test", at=NOON, by_id=None)[reference]


def test_pending_points_are_counted_apart_and_cannot_be_spent_before_their_day():
    customer = customer_with_points(286)
    give_pending(customer, 6, TOMORROW)

    assert points_of(customer.pk, on=TODAY) == Points(286, (), ((TOMORROW, 6),))
    assert points_of(customer.pk, on=TOMORROW) == Points(292, ())
    with pytest.raises(InsufficientPoints) as error:
        spend(customer, 287, "early")
    assert error.value.available == 286

    assert spend(customer, 292, "late", at=NOON + timedelta(days=1)).balance_after == 0
    assert verify().problems == ()


def test_the_first_day_begins_at_midnight_in_the_shop():
    customer = CustomerFactory()
    give_pending(customer, 6, TOMORROW)
    midnight = NOON + timedelta(hours=12)

    with pytest.raises(InsufficientPoints):
        spend(customer, 6, "early", at=midnight - timedelta(seconds=1))

    assert spend(customer, 6, "late", at=midnight).balance_after == 0


def test_pending_points_of_several_days_are_told_apart():
    customer = CustomerFactory()
    give_pending(customer, 6, TOMORROW, reference="a")
    give_pending(customer, 3, TOMORROW + timedelta(days=4), reference="b")
    give_pending(customer, 1, TOMORROW, date(2027, 1, 1), reference="c")

    assert points_of(customer.pk, on=TODAY) == Points(
        usable=0,
        expiring=((date(2027, 1, 1), 1),),
        pending=((TOMORROW, 7), (TOMORROW + timedelta(days=4), 3)),
    )


def test_a_refund_takes_pending_points_back_too():
    customer = customer_with_points(5)
    entry_id = give_pending(customer, 6, TOMORROW).entry_id

    made = take_back(
        entry_id=entry_id,
        points=6,
        lowest=0,
        source="till",
        reference="refund",
        reason="",
        explanation={},
        at=NOON,
        recorded_at=NOON,
        by_id=None,
    )

    assert (made.points, made.balance_after) == (6, 5)
    assert points_of(customer.pk, on=TODAY) == Points(5, ())


def test_a_debt_is_told():
    customer = customer_with_points(5)
    spent = customer_with_points(5)
    spend(spent, 5, "all")
    take_back(
        entry_id=spent.account.entries.get(kind="earn").pk,
        points=4,
        lowest=-100,
        source="till",
        reference="refund",
        reason="",
        explanation={},
        at=NOON,
        recorded_at=NOON,
        by_id=None,
    )

    assert points_of(spent.pk, on=TODAY) == Points(0, (), owed=4)
    assert points_of(customer.pk, on=TODAY).owed == 0
