"""Taking sales back, in part or as a whole, and asking before what it would do."""

import hashlib
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from loyalty.integrations.answers import Reply
from loyalty.money import MAX_MINOR
from loyalty.purchases.bill import MOST_LINES
from loyalty.purchases.models import Refund
from loyalty.purchases.previewing import RefundPreview, refund_preview
from loyalty.purchases.refunds import purchase_of, refund_purchase, void_purchase
from loyalty.web.api.answering import TAKES_IDEMPOTENCY_KEY, answer, reply, tell
from loyalty.web.api.entering import Key, KeyRequest, Scope
from loyalty.web.api.pointing import calling, moment_of
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import (
    NOTHING,
    Body,
    Digits,
    Moment,
    PositiveMinor,
    Quantity,
    Text,
)
from rewards.models import Voucher
from rewards.returning import given_back

router = Router(tags=["Sales"])

_LINES = re.compile(r"\d{1,4}:\d{1,7}(\.\d{1,3})?(,\d{1,4}:\d{1,7}(\.\d{1,3})?)*", re.ASCII)

LONGEST = 90  # Letters of a refund's number.
Reference = Annotated[str, Text(LONGEST, 1)]
Reason = Annotated[str, Text(200)]


class RefundLineIn(Body):
    line: Annotated[int, Field(ge=1, le=MOST_LINES)]  # Its number on the bill.
    quantity: Quantity


class RefundIn(Body):
    """Goods worth `amount_minor`, or `lines`; one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"reference": "TH-000017", "lines": [{"line": 1, "quantity": 1}]}
        }
    )

    reference: Reference
    amount_minor: PositiveMinor | None = None
    lines: Annotated[list[RefundLineIn], Field(max_length=MOST_LINES)] = NOTHING
    reason: Reason = ""
    occurred_at: Moment | None = None

    def taken(self) -> tuple[tuple[int, Decimal], ...]:
        return tuple((one.line, one.quantity) for one in self.lines)


class VoidIn(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Nhập nhầm khách"}})

    reference: Reference | None = None  # The void's own, if it has one.
    reason: Reason = ""
    occurred_at: Moment | None = None


class PreviewQuery(BaseModel):
    """Nothing: all that is left, as a void."""

    amount_minor: Annotated[Digits, Field(gt=0, le=MAX_MINOR)] | None = None
    lines: Annotated[str, Field(max_length=2_000)] | None = None  # `1:2,3:0.5`: two of line 1, …


class BackOut(BaseModel):
    line: int
    quantity: float  # 0: none of it comes back; the line has its share of a refund by amount.
    amount_minor: int


class VoucherBackOut(BaseModel):
    code: str | None  # Null: the key may not use vouchers.
    reward: str  # Its key.
    expires_on: date  # The last day; of one given back that of the used one.


class RefundOut(BaseModel):
    reference: str
    purchase: str
    kind: str  # refund or void.
    amount_minor: int  # What the goods had cost;
    money_minor: int  # of it, what is given back in money.
    points_returned: int  # Those that had paid for the rest.
    points_due: int  # Of those the sale earned,
    points_taken: int  # and how many of them were there to be taken back.
    balance: int
    lines: list[BackOut]
    # New ones for those the sale had used, once nothing is left of it.
    vouchers: list[VoucherBackOut]
    occurred_at: datetime


class PreviewOut(BaseModel):
    amount_minor: int
    money_minor: int
    points_returned: int
    points_due: int
    points_taken: int
    balance: int
    tier_after: str
    lines: list[BackOut]
    # New ones for those the sale had used, should nothing be left of it; they have no code yet.
    vouchers: list[VoucherBackOut]
    # Those the sale had brought and nobody has used, which would be cancelled.
    ended: list[VoucherBackOut]


@router.post(
    "/purchases/{path:reference}/refunds",
    auth=Key(Scope.REFUND),
    response={201: RefundOut},
    summary="Refund a sale, in part or as a whole",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def refund(request: KeyRequest, reference: str, body: RefundIn) -> HttpResponse:
    """Only sales of the same key's name. A refund that comes before its sale: 404, send it later."""
    return answer(request, "refunds", partial(_refund, request, reference, body))


def _refund(request: KeyRequest, reference: str, body: RefundIn) -> Reply:
    now, key = timezone.now(), request.auth
    with calling(amount="amount_minor"):
        made = refund_purchase(
            purchase=purchase_of(source=key.source, reference=reference),
            amount_minor=body.amount_minor,
            lines=body.taken(),
            source=key.source,
            reference=body.reference,
            reason=body.reason,
            at=moment_of(key, body.occurred_at, now=now),
            recorded_at=now,
            by=key.user,
        )
    return reply(_told(made, reference, request), status=201)


@router.post(
    "/purchases/{path:reference}/void",
    auth=Key(Scope.REFUND),
    response={201: RefundOut},
    summary="Void a sale that should not have been",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def void(request: KeyRequest, reference: str, body: VoidIn | None = None) -> HttpResponse:
    """As a refund of all that is left."""
    return answer(request, "void", partial(_void, request, reference, body or VoidIn()))


def _name_of_void(reference: str) -> str:
    """
    A sale is voided once, so the void needs no number of its own.

    >>> _name_of_void("HD-1")
    'void:HD-1'
    """
    name = f"void:{reference}"
    digest = hashlib.sha256(reference.encode()).hexdigest()
    return name if len(name) <= LONGEST else f"void:{digest}"


def _void(request: KeyRequest, reference: str, body: VoidIn) -> Reply:
    now, key = timezone.now(), request.auth
    made = void_purchase(
        purchase=purchase_of(source=key.source, reference=reference),
        source=key.source,
        reference=body.reference or _name_of_void(reference),
        reason=body.reason,
        at=moment_of(key, body.occurred_at, now=now),
        recorded_at=now,
        by=key.user,
    )
    return reply(_told(made, reference, request), status=201)


@router.get(
    "/purchases/{path:reference}/refund-preview",
    auth=Key(Scope.REFUND, PreviewQuery),
    response=PreviewOut,
    summary="Ask what a refund would do",
)
def preview(request: KeyRequest, reference: str, asked: Query[PreviewQuery]) -> HttpResponse:
    """Writes nothing."""
    with calling(amount="amount_minor"):
        found = refund_preview(
            purchase=purchase_of(source=request.auth.source, reference=reference),
            at=timezone.now(),
            amount_minor=asked.amount_minor,
            lines=_lines(asked.lines),
        )
    return tell(reply(_previewed(found, request)))


def _lines(asked: str | None) -> tuple[tuple[int, Decimal], ...]:
    """
    >>> _lines("1:2,3:0.5")
    ((1, Decimal('2')), (3, Decimal('0.5')))
    """
    if asked is None:
        return ()
    if not _LINES.fullmatch(asked):
        raise Problem.of_field("lines", "Give them as 1:2,3:0.5 for two of line 1, half of line 3.")
    pairs = [one.split(":") for one in asked.split(",")]
    return tuple((int(line), Decimal(quantity)) for line, quantity in pairs)


def _told(made: Refund, reference: str, request: KeyRequest) -> RefundOut:
    backs = made.lines.select_related("line").order_by("line__number")
    return RefundOut(
        reference=made.reference,
        purchase=reference,
        kind=made.kind,
        amount_minor=made.amount_minor,
        money_minor=made.money_minor,
        points_returned=made.returned_points,
        points_due=made.points_due,
        points_taken=made.points_taken,
        balance=made.balance_after,
        lines=[_back(one.line.number, one.quantity, one.amount_minor) for one in backs],
        vouchers=[
            _voucher(one, request)
            for one in given_back(sale=(made.source, reference), refund=made.reference)
        ],
        occurred_at=made.occurred_at.astimezone(UTC),
    )


def _voucher(voucher: Voucher, request: KeyRequest) -> VoucherBackOut:
    return VoucherBackOut(
        code=voucher.code if Scope.REDEEM in request.auth.scopes else None,
        reward=voucher.reward.key,
        expires_on=voucher.expires_on,
    )


def _previewed(found: RefundPreview, request: KeyRequest) -> PreviewOut:
    new = [_voucher(one, request).model_copy(update={"code": None}) for one in found.vouchers]
    return PreviewOut(
        amount_minor=found.amount_minor,
        money_minor=found.money_minor,
        points_returned=found.returned_points,
        points_due=found.points_due,
        points_taken=found.points_taken,
        balance=found.balance_after,
        tier_after=found.tier_after,
        lines=[_back(one.number, one.quantity, one.amount_minor) for one in found.lines],
        vouchers=new,
        ended=[_voucher(one, request) for one in found.ended],
    )


def _back(line: int, quantity: Decimal, amount_minor: int) -> BackOut:
    # Three decimals below a million are exact enough in JSON's numbers.
    return BackOut(line=line, quantity=float(quantity), amount_minor=amount_minor)
