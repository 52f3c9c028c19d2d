"""What the fault tests make a till do, and what the ledger should hold afterwards."""

from datetime import datetime

from customers.models import Customer
from loyalty.ledger import services as ledger
from loyalty.ledger.services import Posted
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import Recorded, record_purchase
from rewards.models import Voucher
from tests.factories.clock import NOON


def buy(
    customer: Customer,
    reference: str,
    *,
    amount_minor: int = 100_000,
    at: datetime = NOON,
    recorded_at: datetime | None = None,
) -> Recorded:
    return record_purchase(
        source="till",
        reference=reference,
        customer=customer,
        branch=None,
        bill=Bill.of_total(amount_minor),
        at=at,
        recorded_at=recorded_at or at,
        by=None,
    )


def spend(customer: Customer, points: int, reference: str, *, at: datetime = NOON) -> Posted:
    return ledger.spend(
        customer_id=customer.pk,
        points=points,
        source="till",
        reference=reference,
        reason="",
        at=at,
        by_id=None,
    )


def buy_with(voucher: Voucher, reference: str = "", *, total_minor: int = 100_000) -> Recorded:
    """The customer of that voucher buys with it; one sale for each voucher."""
    return record_purchase(
        source="till",
        reference=reference or voucher.code,
        customer=voucher.customer,
        branch=None,
        bill=Bill(total_minor=total_minor, vouchers=(voucher.code,)),
        at=NOON,
        recorded_at=NOON,
        by=None,
    )
