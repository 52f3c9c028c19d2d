"""Everything at once on one customer: some order of the acts explains what is left."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.db import connection

from loyalty.errors import DomainError
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints, Posted
from loyalty.purchases.models import Purchase, Refund
from loyalty.purchases.recording import Recorded
from loyalty.purchases.refunds import refund_purchase, void_purchase
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.rewards import RewardFactory
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
    for trial in range(rounds(usual=10, soak=100)):
        sale = buy(CustomerFactory(), f"R-{trial}").purchase

        outcomes = together(*[partial(refund, sale, 50_000, f"{trial}")] * 16)

        assert {(one.pk, one.points_taken, one.balance_after) for one in outcomes} == {
            (outcomes[0].pk, 5, 5)
        }
    assert verify().problems == ()


def test_redeeming_refunding_cancelling_and_expiry_at_once_add_up():
    reward = RewardFactory(cost_points=15)
    for trial in range(rounds(usual=20, soak=500)):
        customer = customer_with_points(20, expires_on=YESTERDAY)
        sale = buy(customer, f"{trial}", amount_minor=200_000).purchase  # 20 points.
        redeem = partial(redeem_reward, customer=customer, reward=reward, source="till", by=None)
        first = redeem(reference=f"{trial}/first", at=NOON)

        outcomes = together(
            partial(redeem, reference=f"{trial}/second", at=NOON),
            partial(void_purchase, purchase=sale, reference=f"{trial}/void", **REFUND),
            partial(
                cancel_redemption, redemption=first, source="till", reason="", at=NOON, by=None
            ),
            partial(ledger.expire_due, at=NOON),
        )

        second, void, cancelled, _expired = outcomes
        assert isinstance(second, Redemption | InsufficientPoints), f"trial {trial}: {outcomes}"
        assert (void.points_taken, cancelled.cancelling_entry is None) == (20, False)
        owed = 15 if isinstance(second, Redemption) else 0
        assert Account.objects.get(customer=customer).balance == -owed
    assert verify().problems == ()
