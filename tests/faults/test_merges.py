"""Customers merged while the tills go on: nobody sees an error, and nothing stays behind."""

from functools import partial

import pytest
from django.db.models import Sum

from customers.models import Consent, Customer
from loyalty.care.merging import CannotMerge, merge_customers
from loyalty.care.models import Merge
from loyalty.care.parting import undo_merge
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from loyalty.purchases.models import Activity, Purchase, Refund
from loyalty.purchases.recording import Recorded
from loyalty.purchases.refunds import void_purchase
from loyalty.tiers.models import Qualification, Standing
from loyalty.tiers.proof import verify as verify_tiers
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Voucher
from rewards.redemption import redeem_reward
from tests.factories.campaigns import says
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.faults.deeds import buy
from tests.faults.test_ledger_races import REFUND, YESTERDAY
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def owner(transactional_db):
    shop_with_programme()
    return StaffFactory(role="owner")


def merge(kept, duplicate, owner):
    return merge_customers(kept=kept, duplicate=duplicate, reason="One", at=NOON, by=owner)


def undo(done, owner):
    return undo_merge(merge=done, reason="Two", at=NOON, by=owner)


def proven():
    assert verify().problems == ()
    assert verify_tiers(at=NOON).differences == ()


def left_behind(customer):
    """Rows that should have become the kept one's."""
    open_rows = Qualification.objects.filter(customer=customer, undoes=None, undone_by=None)
    return [
        rows.count()
        for rows in (
            Purchase.objects.filter(customer=customer),
            Redemption.objects.filter(customer=customer),
            Voucher.objects.filter(customer=customer),
            Standing.objects.filter(customer=customer),
            Activity.objects.filter(customer=customer),
            Account.objects.filter(pk=customer.pk).exclude(balance=0),
            Account.objects.filter(pk=customer.pk, closed_at=None),
            open_rows,
        )
    ]


def test_a_merge_in_the_middle_of_everything_leaves_nothing_behind(owner):
    reward = RewardFactory(cost_points=15)
    for trial in range(rounds(usual=20, soak=300)):
        # The duplicate's number is now the higher, now the lower one.
        pair = [customer_with_points(20), customer_with_points(20)]
        kept, duplicate = pair if trial % 2 else pair[::-1]
        sale = buy(duplicate, f"{trial}/old", amount_minor=200_000).purchase  # 20 points.
        redeem = partial(redeem_reward, reward=reward, source="till", by=None, at=NOON)

        outcomes = together(
            partial(merge, kept, duplicate, owner),
            *(partial(buy, duplicate, f"{trial}/d{n}") for n in range(5)),  # 10 points each.
            *(partial(buy, kept, f"{trial}/k{n}") for n in range(3)),
            *(partial(redeem, customer=duplicate, reference=f"{trial}/r{n}") for n in range(3)),
            partial(redeem, customer=kept, reference=f"{trial}/rk"),
            partial(void_purchase, purchase=sale, reference=f"{trial}/void", **REFUND),
            partial(says, duplicate, Consent.Channel.SMS, granted=False),
            partial(ledger.expire_due, at=NOON),
        )

        wanted = [Merge, *[Recorded] * 8, *[Redemption | InsufficientPoints] * 4, Refund]
        for outcome, kind in zip(outcomes, wanted, strict=False):
            assert isinstance(outcome, kind), f"trial {trial}: {outcomes}"
        redeemed = sum(isinstance(outcome, Redemption) for outcome in outcomes)
        # Of 60 and 80 earned 20 were taken back.
        balance = 60 + 80 - 20 - 15 * redeemed
        assert Account.objects.get(pk=kept.pk).balance == balance, f"trial {trial}: {outcomes}"
        assert left_behind(duplicate) == [0] * 8, f"trial {trial}"
        assert Activity.objects.get(pk=kept.pk).purchases == 8
        words = Consent.objects.filter(customer=kept).values_list("granted", flat=True)
        assert list(words) == [False]
    proven()


def test_one_merge_asked_for_sixteen_times_is_one_merge(owner):
    for _trial in range(rounds(usual=20, soak=100)):
        kept, duplicate = customer_with_points(20), customer_with_points(30)

        outcomes = together(*[partial(merge, kept, duplicate, owner)] * 16)

        assert len({one.pk for one in outcomes}) == 1
        assert Account.objects.get(pk=kept.pk).balance == 50
    proven()


def test_merges_across_each_other_wait_and_one_of_them_is_refused(owner):
    for trial in range(rounds(usual=20, soak=250)):
        one, other, third = (customer_with_points(10) for _ in range(3))
        acts = [
            partial(merge, one, other, owner),
            partial(merge, other, one, owner),
            partial(merge, other, third, owner),
            partial(merge, third, one, owner),
            partial(buy, one, f"{trial}/1"),
            partial(buy, other, f"{trial}/2"),
            partial(buy, third, f"{trial}/3"),
            partial(buy, other, f"{trial}/4"),
        ]

        outcomes = together(*acts)  # 8 transactions.

        for outcome in outcomes[:4]:
            assert isinstance(outcome, Merge | CannotMerge), f"trial {trial}: {outcomes}"
        assert all(isinstance(outcome, Recorded) for outcome in outcomes[4:]), outcomes
        mine = Account.objects.filter(pk__in=[one.pk, other.pk, third.pk])
        assert sum(mine.values_list("balance", flat=True)) == 70
        standing = Merge.objects.filter(undone_at=None, kept__in=[one, other, third])
        merged = Customer.objects.filter(pk__in=mine).exclude(merged_into=None)
        assert standing.count() == merged.count() == mine.exclude(closed_at=None).count() > 0
    proven()


def test_merging_and_parting_across_each_other_ends_with_everything_counted(owner):
    for trial in range(rounds(usual=20, soak=100)):
        one, other = customer_with_points(10), customer_with_points(20)
        done = merge(one, other, owner)

        outcomes = together(
            partial(undo, done, owner),
            partial(undo, done, owner),
            partial(merge, one, other, owner),
            partial(merge, other, one, owner),
            partial(buy, other, f"{trial}/1"),
            partial(buy, one, f"{trial}/2"),
        )

        assert all(isinstance(outcome, Merge | CannotMerge | Recorded) for outcome in outcomes), (
            f"trial {trial}: {outcomes}"
        )
        mine = Account.objects.filter(pk__in=[one.pk, other.pk])
        assert sum(mine.values_list("balance", flat=True)) == 50
    proven()


def test_redeeming_refunding_expiry_and_a_merge_at_once_add_up(owner):
    reward = RewardFactory(cost_points=15)
    for trial in range(rounds(usual=20, soak=500)):
        kept, duplicate = CustomerFactory(), CustomerFactory()
        give_points(duplicate, 20, expires_on=YESTERDAY)
        sale = buy(duplicate, f"{trial}", amount_minor=200_000).purchase  # 20 points.
        redeem = partial(redeem_reward, reward=reward, source="till", by=None, at=NOON)
        first = redeem(customer=duplicate, reference=f"{trial}/first")

        outcomes = together(
            partial(redeem, customer=duplicate, reference=f"{trial}/second"),
            partial(void_purchase, purchase=sale, reference=f"{trial}/void", **REFUND),
            partial(
                cancel_redemption, redemption=first, source="till", reason="", at=NOON, by=None
            ),
            partial(ledger.expire_due, at=NOON),
            partial(merge, kept, duplicate, owner),
        )

        second, void, cancelled, _expired, merged = outcomes
        assert isinstance(second, Redemption | InsufficientPoints), f"trial {trial}: {outcomes}"
        assert isinstance(merged, Merge), f"trial {trial}: {outcomes}"
        assert (void.points_taken, cancelled.cancelling_entry is None) == (20, False)
        owed = 15 if isinstance(second, Redemption) else 0
        assert Account.objects.get(pk=kept.pk).balance == -owed, f"trial {trial}: {outcomes}"
        assert left_behind(duplicate) == [0] * 8
    proven()


def test_two_customers_are_merged_crosswise_and_parted_again_and_again(owner):
    """2,000 transactions that lock the same two accounts, each manager in another order."""
    customers = [customer_with_points(10), customer_with_points(7)]
    how = {"reason": "-", "at": NOON, "by": owner}

    def manage(number):
        kept, duplicate = customers if number % 2 else customers[::-1]
        refused = 0
        for _turn in range(rounds(usual=10, soak=250)):
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
