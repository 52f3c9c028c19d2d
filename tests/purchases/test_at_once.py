"""The usual sale takes two calls, and comes to the very rows that the steps under the locks write."""

from dataclasses import fields
from datetime import datetime, timedelta

import pytest
from django.db import models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.programme.conditions import Conditions
from loyalty.programme.document import Programme
from loyalty.purchases import recording
from loyalty.purchases.at_once import Glimpse, glimpse, record_at_once
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Activity, Purchase
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.sale import Sale
from loyalty.tiers.models import Qualification, Standing, TierChange
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, shop_with_programme

pytestmark = pytest.mark.django_db
CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
WINDOW = """
[tier_rules]
window = "rolling"
months = 3
downgrade = "at_once"
"""
PROGRAMMES = {
    "lifetime": CAFE,
    "window": CAFE + WINDOW,
    "kept alive": CAFE.replace("expire_after_months = 12", "expire_after_inactive_months = 6"),
    "sent for free": CAFE.replace("multiplier = 1.5", "multiplier = 1.5\nfree_shipping = true"),
    "waiting": CAFE.replace("[[earn]]", "pending_days = 3\n[[earn]]", 1),
}
OWN = {"id", "customer", "account", "entry", "reference", "request_hash"}  # No two rows share it.
SALES = st.lists(
    st.tuples(st.integers(-200, 200), st.sampled_from([9_000, 400_000, 1_100_000, 9_000_000])),
    min_size=1,
    max_size=6,
)


def sale_of(
    customer: Customer, reference: str = "R-1", amount_minor: int = 100_000, at: datetime = NOON
) -> Sale:
    return Sale(
        source="till",
        reference=reference,
        customer_id=customer.pk,
        branch_id=None,
        branch_key="",
        bill=Bill.of_total(amount_minor),
        at=at,
        on=at.date(),
        recorded_at=NOON,
        by_id=None,
    )


def met_by(sale: Sale) -> Glimpse:
    return glimpse(source=sale.source, reference=sale.reference, customer_id=sale.customer_id)


def buy(customer: Customer, reference: str, met: Glimpse | None = None) -> Purchase:
    return record_purchase(
        source="till",
        reference=reference,
        customer=customer,
        branch=None,
        bill=Bill.of_total(100_000),
        at=NOON,
        recorded_at=NOON,
        by=None,
        met=met,
    ).purchase


def all_of(customer: Customer) -> dict[str, list[dict[str, object]]]:
    """Everything that is kept of the customer, but for what names the very rows."""
    ours = (Account, Entry, Lot, Qualification, Standing, TierChange, Activity, Purchase)
    key = {Entry: "account", Lot: "account"}
    return {
        model.__name__: [
            plain(row)
            for row in model._default_manager.filter(
                **{key.get(model, "customer"): customer.pk}
            ).order_by("pk")
        ]
        for model in ours
    }


def plain(row: models.Model) -> dict[str, object]:
    names = {field.name: field.attname for field in row._meta.concrete_fields}
    return {name: getattr(row, at) for name, at in names.items() if name not in OWN}


@pytest.mark.parametrize("programme", PROGRAMMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(sales=SALES)
def test_it_writes_what_the_steps_write(programme, sales):
    shop_with_programme(PROGRAMMES[programme])
    swift, careful = CustomerFactory(), CustomerFactory()
    for number, (days, amount_minor) in enumerate(sales):
        at = NOON + timedelta(days=days)
        sale = sale_of(swift, f"{swift.pk}-{number}", amount_minor, at)
        met = met_by(sale)

        assert record_at_once(sale, met) is not None
        recording._record(sale_of(careful, f"{careful.pk}-{number}", amount_minor, at), met.course)

    assert all_of(swift) == all_of(careful)
    assert verify().problems == ()


def test_the_answer_is_what_is_kept():
    shop_with_programme()

    told = buy(CustomerFactory(), "R-1")

    kept = Purchase.objects.get()
    names = [field.attname for field in told._meta.concrete_fields if not field.generated]
    assert [getattr(told, name) for name in names] == [getattr(kept, name) for name in names]


def test_a_usual_sale_takes_two_statements(django_assert_num_queries):
    shop_with_programme()
    customer = CustomerFactory()
    buy(customer, "R-1")  # The first one reads the rules.

    with django_assert_num_queries(2):
        buy(customer, "R-2")


def test_a_caller_who_has_looked_needs_one_statement(django_assert_num_queries):
    shop_with_programme()
    customer = CustomerFactory()
    buy(customer, "R-1")
    met = met_by(sale_of(customer, "R-2"))

    with django_assert_num_queries(1):
        buy(customer, "R-2", met)


def test_what_a_caller_saw_holds_nothing_that_changed_since():
    shop_with_programme()
    customer = CustomerFactory()
    met = [met_by(sale_of(customer, reference)) for reference in ("R-1", "R-2", "R-2")]

    first, second, again = (
        buy(customer, reference, seen)
        for reference, seen in zip(("R-1", "R-2", "R-2"), met, strict=True)
    )

    assert second.balance_after == first.balance_after + second.points
    assert (again.pk, Purchase.objects.count()) == (second.pk, 2)
    assert verify().problems == ()


def test_a_customer_served_meanwhile_is_looked_at_anew():
    shop_with_programme()
    customer = CustomerFactory()
    buy(customer, "R-1")
    sale = sale_of(customer, "R-2")
    met = met_by(sale)
    buy(customer, "R-3")
    before = all_of(customer)

    assert record_at_once(sale, met) is None

    assert all_of(customer) == before


def test_a_first_sale_next_to_another_is_looked_at_anew():
    shop_with_programme()
    customer = CustomerFactory()
    sale = sale_of(customer, "R-2")
    met = met_by(sale)
    buy(customer, "R-1")

    assert record_at_once(sale, met) is None
    assert Purchase.objects.count() == Entry.objects.count() == 1


def test_a_sale_recorded_meanwhile_is_not_recorded_again():
    shop_with_programme()
    first, second = CustomerFactory(), CustomerFactory()
    sale = sale_of(first)
    met = met_by(sale)
    buy(second, "R-1")

    assert record_at_once(sale, met) is None
    assert Purchase.objects.count() == Entry.objects.count() == 1


@pytest.mark.parametrize(
    "section",
    [
        '[[marks]]\nname = "Sách"\ncategories = ["sach"]\nearns = false\n',
        '[[discounts]]\nkey = "he"\nname = "Hè"\npercent = 10\n',
        '[[earn]]\nkey = "qua"\nname = "Quà"\npoints = 5\nper = "order"\n'
        'cap_points = 10\ncap_per = "day"\n',
        '[[earn]]\nkey = "sn"\nname = "Sinh nhật"\nmultiplier = 2\nbirthday = "month"\n',
    ],
)
def test_rules_that_ask_for_more_than_the_tier_are_not_for_two_calls(section):
    shop_with_programme(CAFE + section)
    sale = sale_of(CustomerFactory())

    assert record_at_once(sale, met_by(sale)) is None
    assert not Purchase.objects.exists()


def test_whoever_adds_a_rule_says_whether_two_calls_can_follow_it():
    """What a new field asks of a customer, `at_once` has to look at, or to leave to the steps."""
    assert {field.name for field in fields(Conditions)} == {
        *("first_day", "last_day", "weekdays", "hours", "branches", "tiers", "min_order_minor"),
        *("code", "birthday"),
    }
    assert {field.name for field in fields(Programme)} == {
        *("point_name", "point_name_en", "earn", "rounding", "rounding_stage", "expiry", "pay"),
        *("tier_rules", "tiers", "basis", "marks", "discounts", "leap_day", "refunds"),
        *("pending_days", "referral", "bonuses", "stamp_cards", "coupons"),
    }
