"""Points that pay a part of a bill: taken once, with the sale, within the programme's limits."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from loyalty.errors import Conflict, InvalidInput
from loyalty.ledger.freezing import freeze
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.ledger.services import AccountFrozen
from loyalty.programme.paying import Limit, PointsRefused
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Purchase
from loyalty.purchases.recording import quote
from loyalty.tiers.models import Standing
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.programmes import line
from tests.factories.sales import sell, shop_that_says
from tests.factories.shop import BranchFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
PAY = "[pay]\nmoney_minor = 1_000\nstep = 10\nminimum = 20\nkeep_at_least = 5\nmost_percent = 50\n"


@pytest.fixture
def customer():
    return CustomerFactory()


def balance(customer):
    return Account.objects.get(customer=customer).balance


def test_points_pay_with_the_sale_and_the_part_they_pay_earns_nothing(customer):
    shop_that_says(PAY)
    give_points(customer, 100)

    recorded = sell(customer, line(100_000), spend_points=40)

    purchase = recorded.purchase
    assert (purchase.spent_points, purchase.spent_minor, purchase.points) == (40, 40_000, 6)
    assert (purchase.amount_minor, recorded.balance, balance(customer)) == (100_000, 66, 66)
    spent = purchase.spent_entry
    assert (spent.kind, spent.points, spent.source, spent.reference) == (
        *("redeem", -40),
        *("till", "spend:R-1"),
    )
    assert (spent.number, purchase.entry.number) == (2, 3)  # What it earns cannot pay for it.
    assert spent.programme_version == purchase.entry.programme_version
    assert Standing.objects.get().spend_minor == 100_000
    assert verify().problems == ()


def test_the_part_paid_with_points_earns_where_the_shop_says_so(customer):
    """odoo/odoo/issues/114004: an argument about points on the part that points had paid."""
    shop_that_says(PAY, '[basis]\npaid_with_points = "with"\n')
    give_points(customer, 100)

    assert sell(customer, line(100_000), spend_points=40).purchase.points == 10


@pytest.mark.parametrize(
    ("points", "limit"),
    [
        (10, Limit.MINIMUM),
        (25, Limit.STEP),
        (70, Limit.PERCENT),
        (100, Limit.KEEP),
        (110, Limit.BALANCE),
    ],
)
def test_a_number_of_points_that_cannot_pay_is_refused_with_the_rule(customer, points, limit):
    shop_that_says(PAY)
    give_points(customer, 100)

    with pytest.raises(PointsRefused) as refused:
        sell(customer, line(100_000), spend_points=points)

    assert (refused.value.limit, refused.value.most) == (limit, 50)
    assert not Purchase.objects.exists()
    assert balance(customer) == 100


def test_points_are_no_money_where_the_programme_does_not_say_so(customer):
    shop_that_says()
    give_points(customer, 100)

    with pytest.raises(PointsRefused) as refused:
        sell(customer, line(100_000), spend_points=20)

    assert refused.value.limit is Limit.OFF


def test_nobody_pays_with_points_without_saying_who_they_are():
    shop_that_says(PAY)

    with pytest.raises(InvalidInput) as refused:
        sell(None, line(100_000), spend_points=20)

    assert refused.value.field == "spend_points"


def test_points_that_wait_or_have_ended_pay_nothing(customer):
    shop_that_says(PAY)
    give_points(customer, 50, expires_on=TODAY - timedelta(days=1))
    give_points(customer, 40, usable_from=TODAY + timedelta(days=1))
    give_points(customer, 30)

    with pytest.raises(PointsRefused) as refused:
        sell(customer, line(100_000), spend_points=40)

    assert (refused.value.limit, refused.value.most) == (Limit.BALANCE, 20)


def test_a_frozen_account_pays_nothing(customer):
    shop_that_says(PAY)
    give_points(customer, 100)
    freeze(broken={customer.pk: "test"}, at=NOON)

    with pytest.raises(AccountFrozen):
        sell(customer, line(100_000), spend_points=40)

    assert not Purchase.objects.exists()


def test_the_same_points_are_spent_once_across_branches_and_sources(customer):
    """frappe/erpnext/issues/59050: "same points can be redeemed forever", by another document."""
    shop_that_says(PAY)
    give_points(customer, 45)
    sell(customer, line(100_000), spend_points=40, branch=BranchFactory(), source="counter")

    with pytest.raises(PointsRefused) as refused:  # 5 are left, and 6 earned.
        sell(customer, line(100_000), spend_points=20, branch=BranchFactory(), source="web")

    assert refused.value.limit is Limit.BALANCE
    assert [entry.points for entry in Entry.objects.filter(kind="redeem")] == [-40]
    assert balance(customer) == 11


def test_a_retry_spends_once_and_another_number_of_points_is_another_sale(customer):
    """opencart/opencart/issues/2349: every attempt books again."""
    shop_that_says(PAY)
    give_points(customer, 100)
    first = sell(customer, line(100_000), spend_points=40)

    again = sell(customer, line(100_000), spend_points=40)
    with pytest.raises(Conflict):
        sell(customer, line(100_000), spend_points=30)

    assert (again.purchase, again.balance, again.replayed) == (first.purchase, 66, True)
    assert balance(customer) == 66


def test_spending_points_does_not_lower_what_counts_for_the_tier(customer):
    """DivanteLtd/open-loyalty/issues/131: spending points drops the level."""
    shop_that_says(PAY)
    give_points(customer, 1_000)

    recorded = sell(customer, line(1_000_000), spend_points=500)

    assert recorded.tier_after == "bac"


def test_a_quote_says_how_many_points_could_pay(customer):
    shop_that_says(PAY)
    give_points(customer, 100)

    told = quote(customer=customer, branch=None, bill=Bill((line(100_000),)), at=NOON)

    assert (told.offer.least, told.offer.most, told.offer.most_minor) == (20, 50, 50_000)
    assert [one.points for one in told.offer.suggestions] == [20, 50]
    assert balance(customer) == 100


@pytest.mark.parametrize(
    "change", [{"spent_points": 0}, {"spent_minor": 100_001}, {"spent_entry_id": None}]
)
def test_the_database_holds_what_points_paid_to_its_entry(customer, change):
    shop_that_says(PAY)
    give_points(customer, 100)
    sale = sell(customer, line(100_000), spend_points=40).purchase
    columns = {
        field.attname: getattr(sale, field.attname) for field in Purchase._meta.concrete_fields
    }
    copy = Purchase(**columns | {"id": None, "entry_id": None, "points": 0, "reference": "x"})
    for name, value in change.items():
        setattr(copy, name, value)

    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save(force_insert=True)
