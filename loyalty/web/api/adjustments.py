"""Points changed by hand, from afar."""

from datetime import date
from functools import partial
from typing import Annotated

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from loyalty.dates import local_date
from loyalty.integrations.answers import Reply
from loyalty.integrations.ids import public_id
from loyalty.ledger.adjustments import adjust
from loyalty.ledger.models import MAX_POINTS, Adjustment
from loyalty.shop.queries import get_shop
from loyalty.web.api.answering import TAKES_IDEMPOTENCY_KEY, answer, reference_of, reply
from loyalty.web.api.entering import Key, KeyRequest, Scope
from loyalty.web.api.pointing import customer_at
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import Body, Day, Text

router = Router(tags=["Points"])


class AdjustmentIn(Body):
    """Signed points, and why."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"points": 50, "reason": "Bù điểm đơn HD-2026-000120"}}
    )

    points: Annotated[int, Field(ge=-MAX_POINTS, le=MAX_POINTS)]
    reason: Annotated[str, Text(200, 1)]
    expires_on: Day | None = None  # The last day of added points; never, if left out.
    reference: Annotated[str, Text(100, 1)] | None = None  # Else the Idempotency-Key.


class AdjustmentOut(BaseModel):
    id: str
    customer: str
    points: int
    reason: str
    expires_on: date | None
    state: str  # posted, or waiting for a second person.
    balance: int | None  # After it; null while it waits.


@router.post(
    "/customers/{customer_id}/adjustments",
    auth=Key(Scope.ADJUST),
    response={201: AdjustmentOut, 202: AdjustmentOut},
    summary="Add or take points by hand",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def add(request: KeyRequest, customer_id: str, body: AdjustmentIn) -> HttpResponse:
    """Above the key's limit 202: nothing has moved until a person agrees."""
    return answer(request, "adjustments", partial(_add, request, customer_id, body))


def _add(request: KeyRequest, customer_id: str, body: AdjustmentIn) -> Reply:
    now, key = timezone.now(), request.auth
    reference = reference_of(request, body.reference)
    if not reference:
        raise Problem.of_field("reference", _("A reference or an Idempotency-Key is needed."))
    if body.expires_on is not None and body.expires_on < local_date(now, get_shop().zone):
        raise Problem.of_field("expires_on", _("This day is over."))
    made = adjust(
        customer_id=customer_at(customer_id).pk,
        points=body.points,
        reason=body.reason,
        expires_on=body.expires_on,
        source=key.source,
        reference=reference,
        at=now,
        by=key.user,
        limit_points=key.adjust_limit,
    )
    posted = made.state == Adjustment.State.POSTED
    return reply(_told(made), status=201 if posted else 202)


def _told(made: Adjustment) -> AdjustmentOut:
    return AdjustmentOut(
        id=public_id("adj", made.pk),
        customer=public_id("cus", made.account_id),
        points=made.points,
        reason=made.reason,
        expires_on=made.expires_on,
        state=made.state,
        balance=made.entry.balance_after if made.entry else None,
    )
