"""A sale, recorded once by its reference."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, ConfigDict

from loyalty.integrations.answers import Reply
from loyalty.integrations.ids import public_id
from loyalty.purchases.bill import Bill, Paid
from loyalty.purchases.models import Purchase, PurchaseLine
from loyalty.purchases.recording import Recorded, record_purchase
from loyalty.shop.models import Branch
from loyalty.web.api.answering import TAKES_IDEMPOTENCY_KEY, answer, reply
from loyalty.web.api.bills import BillIn, PaymentIn, Payments
from loyalty.web.api.entering import KeyRequest, Scope, need
from loyalty.web.api.pointing import branch_named, calling, moment_of
from loyalty.web.api.reading import NOTHING, Moment, SaleReference
from loyalty.web.api.scanning import SaleKey, foreseen
from loyalty.web.shared.guessing import guarding

router = Router(tags=["Sales"])

EXAMPLE: dict[str, Any] = {
    "reference": "HD-2026-000123",
    "customer": "0912 345 678",
    "branch": "ha-noi",
    "lines": [
        {"sku": "TRA-01", "name": "Trà sen vàng", "quantity": 2, "unit_price_minor": 45_000},
        {"sku": "HAT-05", "name": "Hạt sen", "quantity": 0.35, "unit_price_minor": 200_000},
    ],
}


class PurchaseIn(BillIn):
    """`reference` is the till's own number of the sale: it never stands for two sales."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    reference: SaleReference
    occurred_at: Moment | None = None  # Now, if left out. The past needs the scope `backdate`.
    payments: Payments = NOTHING  # Nothing, or all that is due after discounts and points that pay.

    def bill(self) -> Bill:
        bill = super().bill()
        paid = tuple(Paid(one.method, one.amount_minor) for one in self.payments)
        return replace(bill, payments=paid) if paid else bill


class DiscountOut(BaseModel):
    key: str  # The rule's, or the key of a voucher's reward.
    name: str
    name_en: str
    minor: int
    voucher: int  # Which of `vouchers` took it off, counted from 1; 0: a rule did.


class LineOut(BaseModel):
    number: int  # 1, 2, 3, … as in the request.
    net_minor: int  # What is paid for it.
    discount_minor: int  # Taken off it by rules and vouchers.
    discounts: list[DiscountOut]
    points: int


class PointsOfSale(BaseModel):
    earned: int
    pending: int  # Of these, those that cannot be used at once.
    usable_from: date | None
    spent: int
    spent_minor: int  # What they paid.


class TierOfSale(BaseModel):
    before: str  # Keys of tiers; empty for an anonymous sale.
    after: str


class CouponOut(BaseModel):
    """A voucher for the next purchase; a quote for that customer tells its code."""

    coupon: str  # The rule's key.
    reward: str  # Its key.
    usable_from: date | None  # Null: at once.
    expires_on: date


class PurchaseOut(BaseModel):
    reference: str
    customer: str | None  # Null: an anonymous sale.
    branch: str | None
    occurred_at: datetime
    amount_minor: int  # For the goods, after every discount, before points that pay.
    discount_minor: int  # By rules and vouchers.
    discounts: list[DiscountOut]  # Off the bill as a whole, where it was told without lines.
    shipping_minor: int
    free_shipping: bool
    lines: list[LineOut]
    vouchers: list[str]
    payments: list[PaymentIn]
    coupons: list[CouponOut]  # That the sale brought.
    points: PointsOfSale
    balance: int  # After the sale; 0 for an anonymous one.
    tier: TierOfSale
    explanation: dict[str, Any]  # How the points came about, rule by rule.


@router.post(
    "/purchases",
    auth=SaleKey(Scope.EARN),
    response={201: PurchaseOut},
    summary="Record a sale",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def record(request: KeyRequest, body: PurchaseIn) -> HttpResponse:
    """
    The same `reference` with the same sale gets the first answer, whatever the Idempotency-Key;
    with another sale it is refused with 409.
    """
    return answer(request, "purchases", partial(recorded_now, request, body))


def recorded_now(request: KeyRequest, body: PurchaseIn) -> Reply:
    """One sale, as POST /purchases answers it. Raises what refuses it."""
    now, key = timezone.now(), request.auth
    if body.spend_points or body.vouchers:
        need(key, Scope.REDEEM)
    customer, met = foreseen(request, body.customer, body.reference)
    branch = branch_named(key, body.branch)
    named = calling(amount="total_minor", points="total_minor")
    with named, guarding(request, f"key:{request.auth.prefix}", body.vouchers):
        recorded = record_purchase(
            source=key.source,
            reference=body.reference,
            customer=customer,
            branch=branch,
            bill=body.bill(),
            at=moment_of(key, body.occurred_at, now=now),
            recorded_at=now,
            by=key.user,
            met=met,
        )
    return answered(recorded, branch, body)


def answered(recorded: Recorded, branch: Branch | None, body: PurchaseIn) -> Reply:
    """What the till hears of the sale that `body` told."""
    rows = recorded.purchase.lines.order_by("number") if body.lines else ()
    told = told_of(recorded, branch, rows, vouchers=body.vouchers, payments=body.payments)
    return reply(told, status=201)


def told_of(
    recorded: Recorded,
    branch: Branch | None,
    rows: Iterable[PurchaseLine],
    *,
    vouchers: list[str],
    payments: list[PaymentIn],
) -> PurchaseOut:
    """The same bytes whether the sale was recorded now or was known."""
    purchase = recorded.purchase
    return PurchaseOut(
        reference=purchase.reference,
        customer=public_id("cus", purchase.customer_id) if purchase.customer_id else None,
        branch=branch.key if branch else None,
        occurred_at=purchase.occurred_at.astimezone(UTC),
        amount_minor=purchase.amount_minor,
        discount_minor=purchase.discount_minor,
        discounts=_discounts(purchase, 0),
        shipping_minor=purchase.shipping_minor,
        free_shipping=purchase.free_shipping,
        lines=[_line(purchase, row) for row in rows],
        vouchers=vouchers,
        payments=payments,
        coupons=[
            CouponOut(
                coupon=one.coupon,
                reward=one.reward.key,
                usable_from=one.usable_from,
                expires_on=one.expires_on,
            )
            for one in recorded.coupons
        ],
        points=PointsOfSale(
            earned=purchase.points,
            pending=recorded.pending,
            usable_from=recorded.usable_from,
            spent=purchase.spent_points,
            spent_minor=purchase.spent_minor,
        ),
        balance=recorded.balance,
        tier=TierOfSale(before=recorded.tier_before, after=recorded.tier_after),
        explanation=in_order(recorded.explanation),
    )


def _line(purchase: Purchase, row: PurchaseLine) -> LineOut:
    return LineOut(
        number=row.number,
        net_minor=row.net_minor,
        discount_minor=row.discount_minor,
        discounts=_discounts(purchase, row.number),
        points=row.points,
    )


def _discounts(purchase: Purchase, number: int) -> list[DiscountOut]:
    return [
        DiscountOut(**{name: one.get(name, 0) for name in DiscountOut.model_fields})
        for one in purchase.discounts
        if one["line"] == number
    ]


def in_order(said: Any) -> Any:
    """
    With names in one order, whether it comes from the rules or back from the database.

    >>> in_order({"b": [{"d": 1, "c": 2}], "a": 3})
    {'a': 3, 'b': [{'c': 2, 'd': 1}]}
    """
    return json.loads(json.dumps(said, sort_keys=True))
