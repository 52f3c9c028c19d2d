"""What a refund would do, told before anybody does it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.db import transaction

from loyalty.purchases.models import Purchase, Refund
from loyalty.purchases.refunds import refund_purchase, void_purchase
from loyalty.purchases.returns import Back
from loyalty.tiers.models import Standing
from loyalty.transactions import whole
from rewards.coupons import unused_of
from rewards.models import Voucher
from rewards.returning import ended_by, given_back


@dataclass(frozen=True)
class RefundPreview:
    """What the customer would get back and what they would lose. Points are whole."""

    amount_minor: int
    money_minor: int  # Of it, what is given back in money,
    returned_points: int  # and the points that had paid for the rest.
    points_due: int  # Of those the sale earned,
    points_taken: int  # and how many of them can be taken back.
    balance_after: int
    tier_after: str  # The tier's key; empty for an anonymous sale.
    lines: tuple[Back, ...]  # None for a sale that was told without lines.
    # New ones for those the sale had used; their codes and tokens will be others.
    vouchers: tuple[Voucher, ...]
    ended: tuple[Voucher, ...]  # Those the sale had brought, that would be cancelled.


@whole
def refund_preview(
    *,
    purchase: Purchase,
    at: datetime,
    amount_minor: int | None = None,
    lines: tuple[tuple[int, Decimal], ...] = (),
) -> RefundPreview:
    """
    What `refund_purchase` would do at that moment; without an amount and lines, what
    `void_purchase` would. Writes nothing: it is that refund, taken back before anybody sees it,
    so the two cannot differ. Errors are the refund's.
    """
    everything = amount_minor is None and not lines
    brought = unused_of(source=purchase.source, reference=purchase.reference)
    refund = _void(purchase, at) if everything else _refund(purchase, at, amount_minor, lines)
    preview = _preview(refund, brought)
    transaction.set_rollback(True)
    return preview


def _void(purchase: Purchase, at: datetime) -> Refund:
    return void_purchase(
        purchase=purchase,
        source="preview",
        reference=str(uuid4()),
        reason="",
        at=at,
        recorded_at=at,
        by=None,
    )


def _refund(
    purchase: Purchase,
    at: datetime,
    amount_minor: int | None,
    lines: tuple[tuple[int, Decimal], ...],
) -> Refund:
    return refund_purchase(
        purchase=purchase,
        source="preview",
        reference=str(uuid4()),
        reason="",
        at=at,
        recorded_at=at,
        by=None,
        amount_minor=amount_minor,
        lines=lines,
    )


def _preview(refund: Refund, brought: Collection[int]) -> RefundPreview:
    sale = refund.purchase.source, refund.purchase.reference
    customer_id = refund.purchase.customer_id
    tiers = Standing.objects.filter(customer=customer_id).values_list("tier_key", flat=True)
    return RefundPreview(
        amount_minor=refund.amount_minor,
        money_minor=refund.money_minor,
        returned_points=refund.returned_points,
        points_due=refund.points_due,
        points_taken=refund.points_taken,
        balance_after=refund.balance_after,
        tier_after=tiers.first() or "" if customer_id is not None else "",
        lines=tuple(
            Back(back.line.number, back.quantity, back.amount_minor)
            for back in refund.lines.select_related("line").order_by("line__number")
        ),
        vouchers=tuple(given_back(sale=sale, refund=refund.reference)),
        ended=tuple(ended_by(source=refund.source, refund=refund.reference, brought=brought)),
    )
