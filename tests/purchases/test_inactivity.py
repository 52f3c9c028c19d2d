"""Programmes in which purchases keep points alive."""

from datetime import date, timedelta

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.ledger.queries import points_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, shop_with_programme
from tests.faults.deeds import buy

pytestmark = pytest.mark.django_db
CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
DAY = timedelta(days=1)


def shop_where(expiry: str) -> None:
    shop_with_programme(CAFE.replace("expire_after_months = 12", expiry))


@pytest.fixture
def three_months(db):
    shop_where("expire_after_inactive_months = 3")


def active_until(customer):
    return Account.objects.get(pk=customer.pk).active_until


def test_every_purchase_keeps_all_points_for_the_months_of_the_rules(three_months):
    customer = CustomerFactory()

    buy(customer, "1")
    buy(customer, "2", at=NOON + 60 * DAY)  # 21 January.

    assert active_until(customer) == date(2027, 4, 30)
    points = points_of(customer.pk, on=date(2027, 4, 30))
    assert (points.usable, points.expiring) == (20, ((date(2027, 4, 30), 20),))


def test_a_bill_too_small_for_a_point_is_a_purchase_too(three_months):
    customer = CustomerFactory()
    buy(customer, "1")

    buy(customer, "2", amount_minor=9_000, at=NOON + 60 * DAY)

    assert points_of(customer.pk, on=date(2027, 4, 30)).usable == 10


def test_the_till_hears_the_balance_without_what_had_ended(three_months):
    customer = CustomerFactory()
    buy(customer, "1")

    after = buy(customer, "2", at=NOON + 200 * DAY)

    assert after.balance == 10
    kinds = Entry.objects.order_by("number").values_list("kind", "points")
    assert list(kinds) == [("earn", 10), ("expire", -10), ("earn", 10)]


def test_sales_that_arrive_late_and_out_of_order_only_lengthen(three_months):
    customer = CustomerFactory()
    buy(customer, "newest", at=NOON)
    lasts = active_until(customer)

    late = buy(customer, "late", at=NOON - 60 * DAY)

    assert (late.balance, active_until(customer)) == (20, lasts)


def test_a_late_sale_does_not_revive_what_has_expired(three_months):
    customer = CustomerFactory()
    buy(customer, "old", at=NOON - 200 * DAY)  # Kept through 31 August.

    buy(customer, "late", at=NOON - 90 * DAY, recorded_at=NOON)  # Of 24 August.

    assert points_of(customer.pk, on=NOON.date()).usable == 10
    assert verify().problems == ()


@pytest.mark.parametrize("days_late", [0, 1, 30])
def test_the_ledger_is_the_same_however_late_the_job_runs(three_months, days_late):
    customer = CustomerFactory()
    for number, days in enumerate((0, 80, 300)):
        at = NOON + days * DAY
        ledger.expire_due(at=at - days_late * DAY)
        buy(customer, f"{number}", at=at)
    ledger.expire_due(at=NOON + 900 * DAY)

    rows = Entry.objects.order_by("occurred_at", "kind").values_list(
        "kind", "points", "occurred_at__date"
    )
    assert list(rows) == [
        ("earn", 10, date(2026, 11, 22)),
        ("earn", 10, date(2027, 2, 10)),
        ("expire", -10, date(2027, 5, 31)),
        ("expire", -10, date(2027, 5, 31)),
        ("earn", 10, date(2027, 9, 18)),
        ("expire", -10, date(2027, 12, 31)),
    ]
    assert verify().problems == ()


def test_points_of_a_year_with_a_purchase_last_through_the_next(db):
    shop_where('expire_each_year_on = "31/12"\nunless_active = true')
    customer = CustomerFactory()

    buy(customer, "1")

    assert points_of(customer.pk, on=date(2027, 12, 31)).usable == 10
    assert points_of(customer.pk, on=date(2028, 1, 1)).usable == 0


def test_rules_without_activity_leave_points_their_own_last_days(db):
    shop_where("expire_after_months = 3")
    customer = CustomerFactory()

    buy(customer, "1")

    assert active_until(customer) is None
