"""Importing receipts and returns comes to the same as ringing them up and refunding at the till."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.dates import start_of_day
from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.programme.basket import Line
from loyalty.purchases import proof as sales_proof
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Activity, Purchase, PurchaseLine, Refund
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.refunds import purchase_of, refund_purchase
from loyalty.tiers import proof as tiers_proof
from loyalty.tiers.models import Standing
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, shop_with_programme
from tests.purchases.sales_files import bring_in, layout
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 1)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
# Rules about goods; discounts of today do not touch the past, so there are none.
GOODS = """
[[earn]]
name = "Trà nhân đôi"
multiplier = 2
skus = ["TR"]
[[marks]]
name = "Túi"
skus = ["TU"]
earns = false
"""
MAP = layout("""source = "old"
group_by = "receipt"
anonymous = true
[columns]
reference = { column = "no", returns_begin_with = "TH" }
return_of.column = "of"
customer.column = "customer"
date.column = "date"
article.column = "sku"
quantity.column = "qty"
price.column = "price"
amount.column = "amount"
""")
HEADER = "no,of,customer,date,sku,qty,price,amount"
line = st.tuples(
    st.sampled_from(["TR", "CF", "TU"]),
    st.integers(1, 4),
    st.sampled_from([9_999, 45_000, 1_500_000]),
)


@dataclass(frozen=True)
class Receipt:
    number: int
    customer: str
    day: int
    lines: tuple[tuple[str, int, int], ...]
    back: int  # Of a hundred, how much came back two days later.

    @property
    def total(self):
        return sum(quantity * price for _sku, quantity, price in self.lines)

    @property
    def back_minor(self):
        return self.total * self.back // 100


@st.composite
def receipts(draw):
    made = st.tuples(
        st.sampled_from(["1", "2", ""]),
        st.integers(0, 90),
        st.lists(line, min_size=1, max_size=4).map(tuple),
        st.sampled_from([0, 0, 33, 100]),
    )
    return [Receipt(n, *one) for n, one in enumerate(draw(st.lists(made, max_size=8)), 1)]


@pytest.fixture
def shop(db):
    shop_with_programme((STARTERS / "cafe.toml").read_text("utf-8") + GOODS)
    for number in ("1", "2"):
        CustomerFactory(external_id=number)


def day_of(days):
    return FIRST + timedelta(days=days)


def rows_of(sold):
    for one in sold:
        for sku, quantity, price in one.lines:
            amount = quantity * price
            yield f"HD{one.number},,{one.customer},{day_of(one.day)},{sku},{quantity},{price},{amount}"
        if one.back_minor:
            back = f"{day_of(one.day + 2)},,1,,{one.back_minor}"
            yield f"TH{one.number},HD{one.number},{one.customer},{back}"


def by_till(sold):
    """All sales before all returns, as an import has them."""
    customers = {"": None, **{one.external_id: one for one in _customers()}}
    for one in sorted(sold, key=lambda one: (one.customer or "9", one.day, one.number)):
        record_purchase(
            source="old",
            reference=f"HD{one.number}",
            customer=customers[one.customer],
            branch=None,
            bill=Bill(tuple(Line(price, Decimal(n), sku=sku) for sku, n, price in one.lines)),
            at=start_of_day(day_of(one.day), ZONE),
            recorded_at=NOON,
            by=None,
        )
    for one in sorted(sold, key=lambda one: (one.day, one.number)):
        if one.back_minor:
            refund_purchase(
                purchase=purchase_of(source="old", reference=f"HD{one.number}"),
                source="old",
                reference=f"TH{one.number}",
                amount_minor=one.back_minor,
                reason="",
                at=start_of_day(day_of(one.day + 2), ZONE),
                recorded_at=NOON,
                by=None,
            )


def _customers():
    return list(CustomerFactory._meta.model.objects.all())


def outcome():
    customer = "customer__external_id"
    return {
        "entries": list(
            Entry.objects.order_by("account", "number").values_list(
                "account", "kind", "points", "balance_after", "occurred_at", "lot__expires_on"
            )
        ),
        "purchases": list(
            Purchase.objects.order_by("reference").values_list(
                *("reference", customer, "amount_minor", "points", "uncounted_minor"),
                *("refunded_minor", "tier_before", "tier_after", "request_hash", "stands"),
            )
        ),
        "lines": list(
            PurchaseLine.objects.order_by("purchase__reference", "number").values_list(
                *("purchase__reference", "number", "sku", "quantity", "unit_price_minor"),
                *("till_discount_minor", "net_minor", "earns", "points", "refunded_minor"),
            )
        ),
        "refunds": list(
            Refund.objects.order_by("reference").values_list(
                "reference", "purchase__reference", "amount_minor", "points_due", "points_taken"
            )
        ),
        "standings": list(
            Standing.objects.order_by(customer).values_list(customer, "tier_key", "spend_minor")
        ),
        "activity": list(
            Activity.objects.order_by(customer).values_list(customer, "purchases", "spend_minor")
        ),
    }


@settings(
    max_examples=rounds(usual=6, soak=200),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(sold=receipts())
def test_importing_receipts_equals_the_till(shop, tmp_path, sold):
    path = tmp_path / "receipts.csv"
    path.write_text("\n".join([HEADER, *rows_of(sold)]) + "\n", encoding="utf-8")
    with transaction.atomic():
        by_till(sold)
        wanted = outcome()
        transaction.set_rollback(True)
    with transaction.atomic():
        batch = bring_in(path, how=MAP)
        assert (batch.purchases_added, batch.refunds_added) == (
            len(sold),
            sum(bool(one.back_minor) for one in sold),
        )
        assert outcome() == wanted
        assert verify().problems == ()
        assert sales_proof.verify().problems == ()
        assert tiers_proof.verify(at=NOON).differences == ()
        again = bring_in(path, how=MAP)
        assert (again.purchases_added, again.refunds_added) == (0, 0)
        assert outcome() == wanted
        transaction.set_rollback(True)
