"""Whatever a file holds, importing it comes to the same as recording its sales one by one."""

from datetime import date, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from loyalty.dates import start_of_day
from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.programme.versions import publish
from loyalty.purchases import proof as sales_proof
from loyalty.purchases.bill import Bill
from loyalty.purchases.imports.checking import SaleRow
from loyalty.purchases.imports.refusals import Refusals
from loyalty.purchases.imports.running import Origin, import_sales
from loyalty.purchases.models import Activity, CapUse, Purchase
from loyalty.purchases.recording import record_purchase
from loyalty.tiers import proof as tiers_proof
from loyalty.tiers.models import Standing, TierChange
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, shop_with_programme
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
FIRST = date(2026, 1, 1)
LATER = NOON.replace(year=2028)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CUSTOMERS = ("1", "2", "3", "")

# Amounts around the café's steps and thresholds; days around the change of its rules.
sale = st.tuples(
    st.sampled_from(CUSTOMERS),
    st.one_of(st.integers(0, 12), st.integers(0, 320)),  # All before NOON, when they are told.
    st.sampled_from([9_999, 10_000, 68_000, 500_000, 1_000_000, 2_999_999, 8_000_000]),
)


CAFE = (STARTERS / "cafe.toml").read_text("utf-8")
BONUS = """
[[earn]]
name = "Ngày vui"
multiplier = 2
weekdays = ["tue", "sat"]
tiers = ["bac", "vang"]
[[earn]]
name = "Quà hoá đơn"
points = 3
per = "order"
min_order_minor = 68_000
from = 2026-01-03
"""
CAPPED = """
[[earn]]
key = "ghe-quan"
name = "Ghé quán"
points = 4
per = "order"
cap_points = 6
cap_per = "week"
[[marks]]
name = "Thứ Hai"
weekdays = ["mon"]
earns = false
"""
DOCUMENTS = {
    "cafe": CAFE,
    "bonus": CAFE.replace("expire_after_months = 12", "expire_after_days = 9") + BONUS,
    "caps": CAFE.replace("expire_after_months = 12", "pending_days = 3") + CAPPED,
    "three months": CAFE + '[tier_rules]\nwindow = "rolling"\nmonths = 3\ndowngrade = "review"\n',
    "at once": CAFE + '[tier_rules]\nwindow = "rolling"\nmonths = 1\ndowngrade = "at_once"\n',
    "year": CAFE + '[tier_rules]\nwindow = "calendar_year"\ndowngrade = "review"\n',
    "points": CAFE.replace("entry_minor", "entry_points").replace("_000_000", "_00")
    + '[tier_rules]\nby = "points"\n',
}


@pytest.fixture(params=DOCUMENTS.values(), ids=DOCUMENTS)
def shop(db, request):
    shop_with_programme(request.param)
    document = request.param.replace("1.5", "1.7")
    publish(document=document, effective_from=NOON.replace(month=1, day=6), at=NOON, by=None)


def rows_of(sales):
    for line, (customer, day, amount) in enumerate(sales, 1):
        on = FIRST + timedelta(days=day)
        yield SaleRow(line, start_of_day(on, ZONE), on, amount, external_id=customer)


def outcome():
    """What customers see, without the numbers that rows get."""
    customer = "customer__external_id"
    entries = Entry.objects.order_by("account__customer__external_id", "number")
    return {
        "entries": list(
            entries.values_list(
                *("account__customer__external_id", "number", "points", "balance_after"),
                *(
                    "occurred_at",
                    "explanation",
                    "lot__expires_on",
                    "lot__usable_from",
                    "programme_version__number",
                ),
            )
        ),
        "standings": list(
            Standing.objects.order_by(customer).values_list(
                customer, "tier_key", "spend_minor", "since", "programme_version__number"
            )
        ),
        "changes": list(
            TierChange.objects.order_by(customer, "pk").values_list(
                customer, "from_key", "to_key", "spend_minor", "occurred_at"
            )
        ),
        "caps": sorted(
            CapUse.objects.values_list(
                *("customer__external_id", "purchase__occurred_at", "rule_key", "points")
            )
        ),
        "activity": list(
            Activity.objects.order_by(customer).values_list(
                customer, "first_on", "last_on", "purchases", "spend_minor"
            )
        ),
        "purchases": sorted(
            Purchase.objects.values_list(
                *("customer__external_id", "occurred_at", "amount_minor", "points"),
                *("balance_after", "tier_before", "tier_after"),
            ),
            key=repr,
        ),
    }


def by_import(sales, *, chunk):
    with Refusals(None) as refusals:
        return import_sales(
            sales=rows_of(sales),
            origin=Origin(source="old", name="generated", digest=lambda: ""),
            refusals=refusals,
            at=NOON,
            by=None,
            chunk=chunk,
        )


def by_till(sales):
    numbers = count(1)
    for row in sorted(rows_of(sales), key=lambda row: row.occurred_at):
        customer = Customer.objects.filter(external_id=row.external_id or "-").first()
        if row.external_id and customer is None:
            customer = CustomerFactory(external_id=row.external_id, phone="")
        record_purchase(
            source="old",
            reference=f"R-{next(numbers)}",
            customer=customer,
            branch=None,
            bill=Bill.of_total(row.amount_minor),
            at=row.occurred_at,
            recorded_at=NOON,
            by=None,
        )


# Each example takes back what it wrote, so the shop may serve them all.
@settings(
    max_examples=rounds(usual=3, soak=200),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    sales=st.lists(sale, max_size=rounds(usual=16, soak=25)),
    chunk=st.integers(1, 9),
    cut=st.integers(0, 25),
)
def test_importing_equals_recording_one_by_one(shop, sales, chunk, cut):
    with transaction.atomic():
        by_till(sales)
        wanted = outcome()
        transaction.set_rollback(True)
    with transaction.atomic():
        batch = by_import(sales, chunk=chunk)
        assert batch.purchases_added == len(sales)
        assert outcome() == wanted
        assert verify().problems == ()
        assert sales_proof.verify().problems == ()
        assert tiers_proof.verify(at=LATER).differences == ()

        assert by_import(sales, chunk=chunk).purchases_added == 0
        assert outcome() == wanted
        transaction.set_rollback(True)
    with transaction.atomic():  # A part of the file first; the whole adds the rest.
        first = by_import(sales[:cut], chunk=chunk)
        rest = by_import(sales, chunk=chunk)
        assert first.purchases_added + rest.purchases_added == len(sales)
        assert verify().problems == ()
        assert tiers_proof.verify(at=LATER).differences == ()
        transaction.set_rollback(True)
