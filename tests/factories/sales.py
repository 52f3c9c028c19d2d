"""Sales of lines, and shops whose rules look at lines."""

from datetime import datetime

from customers.models import Customer
from loyalty.programme.basket import Line
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Purchase, Refund
from loyalty.purchases.recording import Recorded, record_purchase
from loyalty.purchases.refunds import refund_purchase
from loyalty.shop.models import Branch
from tests.factories.clock import NOON
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER
from tests.factories.shop import shop_with_programme


def shop_that_says(*more: str, earn: str = EVERYDAY, tiers: str = ONE_TIER + SILVER) -> None:
    """10.000đ = 1 point, two tiers that multiply nothing, and what `more` says."""
    shop_with_programme("\n".join([*more, earn, tiers]))


def sell(
    customer: Customer | None,
    *lines: Line,
    reference: str = "R-1",
    source: str = "till",
    branch: Branch | None = None,
    at: datetime = NOON,
    **more: object,
) -> Recorded:
    """A sale of those lines; `more` is of the bill."""
    return record_purchase(
        source=source,
        reference=reference,
        customer=customer,
        branch=branch,
        bill=Bill(lines, **more),
        at=at,
        recorded_at=at,
        by=None,
    )


def give_back(
    purchase: Purchase, reference: str = "back-1", *, at: datetime = NOON, **what: object
) -> Refund:
    """A refund at that till; `what` is an amount or lines."""
    return refund_purchase(
        purchase=purchase,
        source="till",
        reference=reference,
        reason="",
        at=at,
        recorded_at=at,
        by=None,
        **what,
    )
