"""Everything at once on one customer: some order of the acts explains what is left."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints, Posted
from loyalty.purchases.recording import Recorded
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import buy, spend
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


def test_sales_redemptions_and_expiry_of_one_customer_at_once():
    for trial in range(rounds(usual=20, soak=500)):
        customer = customer_with_points(30, expires_on=YESTERDAY)
        give_points(customer, 20, expires_on=TODAY)

        outcomes = together(
            partial(spend, customer, 15, f"{trial}/a"),
            partial(spend, customer, 15, f"{trial}/b"),
            partial(buy, customer, f"{trial}/c"),  # 10 points.
            partial(ledger.expire_due, at=NOON),
            partial(ledger.expire_due, at=NOON),
        )

        spent = sum(isinstance(outcome, Posted) for outcome in outcomes[:2])
        refused = [one.available for one in outcomes[:2] if isinstance(one, InsufficientPoints)]
        assert isinstance(outcomes[2], Recorded), f"trial {trial}: {outcomes}"
        # 20 usable, or 30 once the sale is in: one always fits, the second only after the sale.
        assert (spent, refused) in ((2, []), (1, [5])), f"trial {trial}: {outcomes}"
        assert sorted(outcomes[3:]) == [0, 1]
        assert Account.objects.get(customer=customer).balance == 30 - 15 * spent
    assert verify().problems == ()


@pytest.mark.parametrize("days_late", [0, 1, 30])
def test_expiry_twice_at_once_and_late_is_one_entry_a_lot(days_late):
    customers = [customer_with_points(10, expires_on=TODAY) for _ in range(4)]
    for customer in customers:
        give_points(customer, 7, expires_on=YESTERDAY)
    at = NOON + timedelta(days=1 + days_late)

    outcomes = together(*[partial(ledger.expire_due, at=at)] * 3)

    assert sum(outcomes) == 8
    expired = Entry.objects.filter(kind="expire").order_by("account_id", "number")
    assert list(expired.values_list("account_id", "points", "occurred_at__date")) == [
        row for one in customers for row in ((one.pk, -7, YESTERDAY), (one.pk, -10, TODAY))
    ]
    assert verify().problems == ()


def test_expiry_that_is_stopped_half_way_goes_on_where_it_was():
    for trial in range(rounds(usual=20, soak=100)):
        customers = [customer_with_points(10, expires_on=YESTERDAY) for _ in range(5)]
        stop_after = trial % 5

        with (
            connection.execute_wrapper(Stopping(after=stop_after)),
            pytest.raises(InterruptedError),
        ):
            ledger.expire_due(at=NOON)
        mine = Lot.objects.filter(account__in=[customer.pk for customer in customers])
        assert mine.filter(remaining=0).count() == stop_after

        assert ledger.expire_due(at=NOON) == 5 - stop_after
        assert mine.filter(remaining=0).count() == 5
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
        customer = customer_with_points(30, expires_on=TODAY)

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
        if isinstance(said, InsufficientPoints):
            assert entries == [("earn", 30), ("expire", -30)]
        else:
            rest = [("expire", points - 30)] if expired else []
            assert entries == [("earn", 30), ("redeem", -points), *rest]
    assert verify().problems == ()


def test_a_new_customer_bought_from_two_tills_at_once_has_one_account():
    for trial in range(rounds(usual=20, soak=100)):
        customer = CustomerFactory()

        together(*(partial(buy, customer, f"{trial}/{till}") for till in range(3)))

        assert Account.objects.get(customer=customer).balance == 30
    assert verify().problems == ()
