"""Transactions that lock the same accounts in opposite orders: none waits on another in a circle."""

from functools import partial

import pytest
from django.db import transaction

from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.ledger.services import Credit, Posted
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TILLS = 8
EACH = rounds(usual=20, soak=250)  # Transactions of each till.


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


def credit(customer, reference):
    return Credit(customer.pk, 1, reference, NOON, None, None, {})


def test_credits_of_several_customers_in_crossing_orders():
    customers = [CustomerFactory() for _ in range(3)]

    def till(number):
        order = customers if number % 2 else customers[::-1]
        posted = []
        for turn in range(EACH):
            due = [credit(who, f"{number}/{turn}/{who.pk}") for who in order]
            posted += ledger.earn(
                credits_due=due, source=f"till-{number}", at=NOON, by_id=None
            ).values()
        return posted

    outcomes = together(*(partial(till, number) for number in range(TILLS)))

    posted = [one for outcome in outcomes for one in outcome]
    assert all(isinstance(one, Posted) for one in posted)
    assert Entry.objects.count() == len(posted) == 3 * TILLS * EACH
    assert set(Account.objects.values_list("balance", flat=True)) == {TILLS * EACH}
    assert verify().problems == ()


def test_accounts_locked_in_crossing_orders():
    """Each till holds the locks it asked for until its transaction ends, as a merge does."""
    customers = [CustomerFactory() for _ in range(2)]

    def till(number):
        order = customers if number % 2 else customers[::-1]
        for turn in range(EACH):
            with transaction.atomic():
                ledger.lock_accounts([who.pk for who in order])
                for who in order:
                    due = [credit(who, f"{number}/{turn}/{who.pk}")]
                    ledger.earn(credits_due=due, source=f"till-{number}", at=NOON, by_id=None)
        return EACH

    outcomes = together(*(partial(till, number) for number in range(TILLS)))

    assert outcomes == [EACH] * TILLS
    assert set(Account.objects.values_list("balance", flat=True)) == {TILLS * EACH}
    assert verify().problems == ()
