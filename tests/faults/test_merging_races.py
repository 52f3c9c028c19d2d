"""Customers are merged while tills are at work for them, and merged crosswise by two managers."""

from functools import partial

import pytest
from django.db.models import Sum

from customers.models import Customer
from loyalty.care.merging import CannotMerge, merge_customers
from loyalty.care.models import Merge
from loyalty.care.parting import undo_merge
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from loyalty.purchases.refunds import void_purchase
from loyalty.tiers import proof as tiers_proof
from rewards.models import Redemption
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.faults.deeds import buy
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = NOON.date()


@pytest.fixture
def manager(transactional_db):
    shop_with_programme()
    return StaffFactory(role="owner")


def proven():
    assert verify().problems == ()
    assert tiers_proof.verify(at=NOON).differences == ()


def test_redeeming_refunding_expiry_and_a_merge_of_one_customer_at_once(manager):
    reward = RewardFactory(cost_points=15)
    how = {"reason": "-", "at": NOON, "by": manager}
    for trial in range(rounds(usual=20, soak=500)):
        customer, other = CustomerFactory(), customer_with_points(10)
        give_points(customer, 5, expires_on=TODAY.replace(day=21), reference=f"{trial}/old")
        sale = buy(customer, f"{trial}", amount_minor=200_000).purchase  # 20 points.
        kept, duplicate = (customer, other) if trial % 2 else (other, customer)

        redeemed, void, _expired, merge = together(
            partial(
                redeem_reward,
                customer=customer,
                reward=reward,
                source="till",
                at=NOON,
                reference=f"{trial}",
                by=None,
            ),
            partial(
                void_purchase,
                purchase=sale,
                source="till",
                reference=f"{trial}",
                reason="",
                at=NOON,
                recorded_at=NOON,
                by=None,
            ),
            partial(ledger.expire_due, at=NOON),
            partial(merge_customers, kept=kept, duplicate=duplicate, **how),
        )

        said = f"trial {trial}: {redeemed!r} {void!r} {merge!r}"
        assert isinstance(merge, Merge), said
        assert void.points_taken == 20, said
        if isinstance(redeemed, InsufficientPoints):  # After the void, before or after the merge.
            assert redeemed.available in (0, 10), said
        else:
            assert isinstance(redeemed, Redemption), said
        ledger.expire_due(at=NOON)
        left = 10 - 15 * isinstance(redeemed, Redemption)
        accounts = Account.objects.in_bulk([kept.pk, duplicate.pk])
        assert [accounts[one.pk].balance for one in (kept, duplicate)] == [left, 0], said
        assert Customer.objects.get(pk=duplicate.pk).merged_into_id == kept.pk
    proven()


def test_two_customers_are_merged_crosswise_and_parted_again_and_again(manager):
    """2,000 transactions that lock the same two accounts, each manager in another order."""
    customers = [customer_with_points(10), customer_with_points(7)]
    how = {"reason": "-", "at": NOON, "by": manager}

    def manage(number):
        kept, duplicate = customers if number % 2 else customers[::-1]
        refused = 0
        for _turn in range(rounds(usual=5, soak=250)):
            try:
                merge = merge_customers(kept=kept, duplicate=duplicate, **how)
                undo_merge(merge=merge, **how)
            except CannotMerge:  # The other one was faster.
                refused += 1
        return refused

    outcomes = together(*(partial(manage, number) for number in range(4)))

    assert all(isinstance(one, int) for one in outcomes), outcomes
    assert Merge.objects.exists()
    for merge in Merge.objects.filter(undone_at=None):
        undo_merge(merge=merge, **how)
    total = Account.objects.aggregate(Sum("balance"))["balance__sum"]
    assert (total, *(Account.objects.get(pk=one.pk).balance for one in customers)) == (17, 10, 7)
    proven()
