"""Everything at once on one customer: some order of the acts explains what is left."""

from datetime import date, timedelta
from functools import partial

import pytest

from loyalty.errors import DomainError
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints, Posted
from loyalty.purchases.models import Purchase, Refund
from loyalty.purchases.recording import Recorded
from loyalty.purchases.refunds import refund_purchase, void_purchase
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import buy, spend
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)
REFUND = {"source": "till", "reason": "", "at": NOON, "recorded_at": NOON, "by": None}


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


def test_a_new_customer_bought_from_two_tills_at_once_has_one_account():
    for trial in range(rounds(usual=20, soak=100)):
        customer = CustomerFactory()

        together(*(partial(buy, customer, f"{trial}/{till}") for till in range(3)))

        assert Account.objects.get(customer=customer).balance == 30
    assert verify().problems == ()


def refund(purchase, amount_minor, reference):
    return refund_purchase(
        purchase=purchase, amount_minor=amount_minor, reference=reference, **REFUND
    )


@pytest.mark.parametrize("run", range(5))
def test_full_and_partial_refunds_at_once_give_each_sale_back_once(run):
    sales = [buy(CustomerFactory(), f"{run}/{n}") for n in range(rounds(usual=5, soak=500))]
    for recorded in sales:
        sale = recorded.purchase
        everything = partial(void_purchase, purchase=sale, **REFUND)

        outcomes = together(
            *(partial(refund, sale, 100_000, f"{sale.pk}/full{n}") for n in range(6)),
            *(partial(refund, sale, 33_333, f"{sale.pk}/part{n}") for n in range(12)),
            *(partial(everything, reference=f"{sale.pk}/void{n}") for n in range(2)),
        )

        done = [outcome for outcome in outcomes if isinstance(outcome, Refund)]
        assert all(isinstance(one, Refund | DomainError) for one in outcomes), outcomes
        given = sum(one.amount_minor for one in done)
        # Three parts leave 1đ, which only a void could fetch.
        assert given in (100_000, 99_999), outcomes
        assert sum(one.points_taken for one in done) == 10
        account = Account.objects.get(customer=sale.customer_id)
        assert account.balance == 0
        assert Purchase.objects.get(pk=sale.pk).refunded_minor == given
    assert verify().problems == ()


def test_one_refund_sent_sixteen_times_is_one_refund():
    for trial in range(rounds(usual=20, soak=100)):
        sale = buy(CustomerFactory(), f"R-{trial}").purchase

        outcomes = together(*[partial(refund, sale, 50_000, f"{trial}")] * 16)

        assert {(one.pk, one.points_taken, one.balance_after) for one in outcomes} == {
            (outcomes[0].pk, 5, 5)
        }
    assert verify().problems == ()
