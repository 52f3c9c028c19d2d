"""A cancelled redemption gives the points back where they came from, with the last day they had."""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.reversals import give_back
from loyalty.purchases.refunds import void_purchase
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption
from rewards.redemption import redeem_reward
from rewards.vouchers import VoucherRefused, use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.faults.deeds import buy, spend

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def redeem(customer, cost_points, **columns):
    return redeem_reward(
        customer=customer,
        reward=RewardFactory(cost_points=cost_points, **columns),
        source="till",
        reference="redeem-1",
        at=NOON,
        by=None,
    )


def cancel(redemption, *, at=NOON):
    return cancel_redemption(
        redemption=redemption, source="till", reason="Changed her mind", at=at, by=None
    )


@contextmanager
def at_once():
    """A transaction that is checked at its end, as at a commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def lots():
    return list(Lot.objects.order_by("id").values_list("expires_on", "remaining"))


def test_the_points_go_back_into_their_lots_with_their_last_day():
    customer = customer_with_points(10, expires_on=TODAY + timedelta(days=5))
    give_points(customer, 20, expires_on=TODAY + timedelta(days=90))
    before = lots()
    redemption = redeem(customer, 15, stock=3)
    assert [left for _day, left in lots()] == [0, 15]

    cancelled = cancel(redemption)

    assert lots() == before
    entry = cancelled.cancelling_entry
    assert (entry.kind, entry.points, entry.balance_after) == ("reverse", 15, 30)
    assert (entry.reverses_id, entry.reason) == (redemption.entry_id, "Changed her mind")
    redemption.reward.refresh_from_db()
    assert redemption.reward.stock == 3
    assert verify().problems == ()


@pytest.mark.parametrize("job_has_run", [False, True])
def test_points_that_ended_meanwhile_come_back_as_expired(job_has_run):
    customer = customer_with_points(10, expires_on=TODAY)
    give_points(customer, 20, expires_on=TODAY + timedelta(days=90))
    redemption = redeem(customer, 9)
    tomorrow = NOON + timedelta(days=1)
    if job_has_run:
        ledger.expire_due(at=tomorrow)

    cancel(redemption, at=tomorrow)

    assert list(Entry.objects.order_by("number").values_list("kind", "points"))[2:] == [
        ("redeem", -9),
        ("expire", -1),
        ("reverse", 9),
        ("expire", -9),
    ]
    lot = Lot.objects.order_by("id").first()
    assert Entry.objects.latest("number").reference == f"lot:{lot.pk}/2"
    assert Account.objects.get().balance == 20
    assert ledger.expire_due(at=tomorrow) == 0
    assert verify().problems == ()


def test_what_comes_back_repays_a_debt_first():
    customer = CustomerFactory()
    sale = buy(customer, "R-1").purchase
    redemption = redeem(customer, 10)
    void_purchase(
        purchase=sale,
        source="till",
        reference="void",
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )
    assert Account.objects.get().balance == -10

    cancel(redemption)

    assert Account.objects.get().balance == 0
    assert [left for _day, left in lots()] == [0]
    assert verify().problems == ()


def test_a_redemption_is_cancelled_once():
    customer = customer_with_points(10)
    redemption = redeem(customer, 10, stock=1)

    assert cancel(redemption) == cancel(redemption)

    assert (Account.objects.get().balance, Entry.objects.count()) == (10, 3)
    assert Redemption.objects.get().reward.stock == 1


def test_a_cancelled_voucher_cannot_be_used():
    cashier = StaffFactory()
    voucher = cancel(redeem(customer_with_points(10), 10)).voucher

    with pytest.raises(VoucherRefused):
        use_voucher(voucher=voucher, reference="u", branch=cashier.branch, at=NOON, by=cashier)


def test_a_used_or_ended_voucher_keeps_its_points_spent():
    cashier = StaffFactory()
    redemption = redeem(customer_with_points(10), 10, validity_days=5)

    with pytest.raises(VoucherRefused):
        cancel(redemption, at=NOON + timedelta(days=6))
    use_voucher(
        voucher=redemption.voucher, reference="u", branch=cashier.branch, at=NOON, by=cashier
    )
    with pytest.raises(VoucherRefused):
        cancel(redemption)

    assert (Account.objects.get().balance, Entry.objects.count()) == (0, 2)


def test_a_part_comes_back_as_if_so_much_less_had_been_spent():
    customer = customer_with_points(10, expires_on=TODAY + timedelta(days=5))
    give_points(customer, 20, expires_on=TODAY + timedelta(days=90))
    spent = spend(customer, 15, "spent")
    how = {"source": "test", "reason": "", "at": NOON, "recorded_at": NOON, "by_id": None}

    give_back(entry_id=spent.entry_id, points=7, reference="a", **how)
    assert [left for _day, left in lots()] == [2, 20]
    give_back(entry_id=spent.entry_id, points=8, reference="b", **how)
    with pytest.raises(DatabaseError, match="more than it was"), at_once():
        give_back(entry_id=spent.entry_id, points=1, reference="c", **how)

    assert [left for _day, left in lots()] == [10, 20]
