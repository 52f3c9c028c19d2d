"""Members who bring friends, in a shop that pays for it."""

from datetime import datetime
from typing import Any

from customers.models import Customer
from loyalty.ledger.models import Entry
from loyalty.programme.models import ProgrammeVersion
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Purchase
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.referring import refer
from loyalty.purchases.refunds import refund_purchase
from loyalty.shop.models import User
from rewards.models import Referral
from rewards.referrals import code_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme

RULES = """
[points]
expire_after_months = 12

[[earn]]
name = "Mua hàng"
points = 1
per_minor = 10_000

[[tiers]]
key = "moi"
name = "Mới"
entry_minor = 0
"""
SECTION = """
[referral]
min_order_minor = 50_000
referrer_points = 20
friend_points = 10
expire_after_days = 90
"""


def shop_with_referrals(*more: str) -> ProgrammeVersion:
    """20 points for the member and 10 for the friend, at once, on the first bill from 50.000đ."""
    return shop_with_programme(RULES + SECTION + "\n".join(more))


def bring(
    *,
    referrer: Customer | None = None,
    friend: Customer | None = None,
    at: datetime = NOON,
    by: User | None = None,
) -> Referral:
    return refer(
        friend=friend or CustomerFactory(),
        code=code_of(referrer or CustomerFactory()),
        at=at,
        by=by,
    )


def buy(
    customer: Customer, amount_minor: int = 100_000, *, at: datetime = NOON, **columns: Any
) -> Purchase:
    count = Purchase.objects.count()
    return record_purchase(
        **(
            {
                "source": "counter",
                "reference": f"sale-{count}",
                "branch": None,
                "bill": Bill.of_total(amount_minor),
                "recorded_at": at,
                "by": None,
            }
            | columns
        ),
        customer=customer,
        at=at,
    ).purchase


def give_back(
    sale: Purchase, amount_minor: int, reference: str = "return-1", at: datetime = NOON
) -> None:
    refund_purchase(
        purchase=sale,
        amount_minor=amount_minor,
        source="counter",
        reference=reference,
        reason="",
        at=at,
        recorded_at=at,
        by=None,
    )


def bonuses() -> list[tuple[int, int, str]]:
    """(customer, points, kind) of every entry of referrals, in the order they were written."""
    rows = Entry.objects.filter(source="referral").order_by("pk")
    return [(row.account_id, row.points, row.kind) for row in rows]
