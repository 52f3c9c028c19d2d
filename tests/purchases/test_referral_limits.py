"""How many friends a member is paid for, and what waits for a manager."""

from datetime import timedelta

import pytest

from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.purchases.referring import run_referrals
from loyalty.shop.models import User
from rewards.models import Referral
from rewards.referrals import decide
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import bonuses, bring, buy, give_back, shop_with_referrals
from tests.factories.shop import StaffFactory

pytestmark = pytest.mark.django_db
State = Referral.State
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def sound():
    yield
    assert verify().problems == ()


def test_the_member_is_paid_for_so_many_friends_a_month_and_the_friends_always():
    shop_with_referrals("most_per_month = 2")
    member = CustomerFactory()
    for days in (0, 1, 2, 9):  # The fourth falls into December.
        at = NOON + days * DAY
        buy(bring(referrer=member, at=at).friend, at=at)
        run_referrals(at=at)

    rows = Referral.objects.order_by("pk").values_list("state", "reason", "referrer_entry__points")
    assert list(rows) == [
        ("paid", "", 20),
        ("paid", "", 20),
        ("paid", "limit", None),
        ("paid", "", 20),
    ]
    assert Entry.objects.filter(source="referral", points=10).count() == 4


def test_the_member_is_paid_for_so_many_friends_a_year():
    shop_with_referrals("most_per_year = 1")
    member = CustomerFactory()
    for at in (NOON, NOON + 30 * DAY, NOON + 60 * DAY):  # 22/11, 22/12, 21/1.
        buy(bring(referrer=member, at=at).friend, at=at)
        run_referrals(at=at)

    paid = Referral.objects.order_by("pk").values_list("referrer_entry__points", flat=True)
    assert list(paid) == [20, None, 20]


def test_what_was_taken_back_frees_its_place():
    shop_with_referrals("most_per_month = 1")
    member = CustomerFactory()
    first = bring(referrer=member)
    sale = buy(first.friend)
    run_referrals(at=NOON)
    give_back(sale, 100_000)
    run_referrals(at=NOON)

    buy(bring(referrer=member).friend)
    run_referrals(at=NOON)

    assert list(Referral.objects.order_by("pk").values_list("state", "reason")) == [
        ("taken_back", "returned"),
        ("paid", ""),
    ]


def test_one_cashier_who_enrols_and_sells_to_many_friends_a_day_is_held():
    shop_with_referrals("hold_above_per_cashier = 2")
    cashier, other = StaffFactory(), StaffFactory()
    for seller in (cashier, other, cashier, cashier, other):
        buy(bring(by=cashier).friend, by=seller)
    run_referrals(at=NOON)

    rows = Referral.objects.order_by("pk").values_list("state", "reason")
    assert list(rows) == [
        ("paid", ""),
        ("paid", ""),
        ("paid", ""),
        ("held", "one_cashier"),
        ("paid", ""),
    ]


def test_what_is_held_is_paid_when_a_manager_agrees_as_of_that_moment():
    shop_with_referrals("hold_above_per_cashier = 1")
    cashier = StaffFactory()
    for _friend in range(2):
        buy(bring(by=cashier).friend, by=cashier)
    run_referrals(at=NOON)
    held = Referral.objects.get(state=State.HELD)
    assert len(bonuses()) == 2

    manager = StaffFactory(role=User.Role.MANAGER)
    decide(referral=held, approve=True, reason="Đã gọi cho khách", at=NOON + 3 * DAY, by=manager)
    assert run_referrals(at=NOON + 3 * DAY) == 1

    assert len(bonuses()) == 4
    held.refresh_from_db()
    assert (held.state, held.friend_entry.occurred_at) == (State.PAID, NOON + 3 * DAY)


def test_what_is_held_is_not_paid_when_its_purchase_was_returned_meanwhile():
    shop_with_referrals("hold_above_per_cashier = 1")
    cashier = StaffFactory()
    sales = [buy(bring(by=cashier).friend, by=cashier) for _friend in range(2)]
    run_referrals(at=NOON)
    give_back(sales[1], 100_000)
    held = Referral.objects.get(state=State.HELD)

    manager = StaffFactory(role=User.Role.MANAGER)
    decide(referral=held, approve=True, reason="Đã gọi cho khách", at=NOON, by=manager)
    run_referrals(at=NOON)

    held.refresh_from_db()
    assert (held.state, held.reason) == (State.REFUSED, "returned")


def test_a_held_referral_that_is_approved_before_the_purchase_is_not_held_again():
    shop_with_referrals("hold_above_per_cashier = 1")
    cashier = StaffFactory()
    buy(bring(by=cashier).friend, by=cashier)
    referral = bring(
        referrer=CustomerFactory(email="a@quan.vn"),
        friend=CustomerFactory(email="a+b@quan.vn"),
        by=cashier,
    )
    manager = StaffFactory(role=User.Role.MANAGER)
    decide(referral=referral, approve=True, reason="Chị em", at=NOON, by=manager)
    buy(referral.friend, by=cashier)

    run_referrals(at=NOON)

    referral.refresh_from_db()
    assert referral.state == State.PAID
