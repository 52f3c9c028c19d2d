"""Sales of a customer who turned out to be another one: what they paid, used up and give back."""

from decimal import Decimal

import pytest

from loyalty.care.merging import merge_customers
from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.purchases.models import CapUse, DiscountUse
from loyalty.purchases.previewing import refund_preview
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.programmes import EVERYDAY, line
from tests.factories.sales import give_back, sell, shop_that_says
from tests.factories.shop import StaffFactory

pytestmark = pytest.mark.django_db
RULES = """
[pay]
money_minor = 1_000
[[discounts]]
key = "sn"
name = "Sinh nhật"
percent = 20
birthday = "day"
"""
CAPPED = EVERYDAY + 'cap_points = 15\ncap_per = "month"\n'
TODAY = {"birth_day": 22, "birth_month": 11}


@pytest.fixture
def kept(db):
    shop_that_says(RULES, earn=CAPPED)
    return CustomerFactory(**TODAY)


@pytest.fixture
def duplicate(kept):
    return CustomerFactory(**TODAY)


def merge(kept, duplicate):
    merge_customers(
        kept=kept, duplicate=duplicate, reason="One", at=NOON, by=StaffFactory(role="owner")
    )


def test_points_that_paid_before_the_merge_come_back_to_the_kept_one(kept, duplicate):
    give_points(duplicate, 50)
    sale = sell(duplicate, line(60_000), line(65_000), spend_points=50).purchase
    merge(kept, duplicate)

    told = refund_preview(purchase=sale, at=NOON)
    half = give_back(sale, lines=((1, Decimal(1)),))
    rest = give_back(sale, "back-2", lines=((2, Decimal(1)),))

    assert half.returned_points + rest.returned_points == told.returned_points == 50
    assert half.money_minor + rest.money_minor == told.money_minor == 50_000
    assert Account.objects.get(customer=kept).balance == rest.balance_after == 50
    assert Account.objects.get(customer=duplicate).balance == 0
    assert verify().problems == ()


def test_what_the_duplicate_used_up_is_used_up(kept, duplicate):
    sell(duplicate, line(100_000))
    merge(kept, duplicate)

    again = sell(kept, line(100_000), reference="R-2").purchase

    assert (again.discount_minor, again.points) == (0, 7)  # 8 of 15 were given before.
    assert DiscountUse.objects.get().customer == kept
    assert CapUse.objects.filter(customer=kept).count() == 2


def test_both_had_their_discount_before_and_none_has_it_after(kept, duplicate):
    sales = [
        sell(customer, line(100_000), reference=f"R-{customer.pk}").purchase
        for customer in (kept, duplicate)
    ]
    merge(kept, duplicate)

    third = sell(kept, line(100_000), reference="R-3").purchase
    give_back(sales[1], amount_minor=80_000)
    fourth = sell(kept, line(100_000), reference="R-4").purchase

    assert [sale.discount_minor for sale in (*sales, third, fourth)] == [20_000, 20_000, 0, 0]
