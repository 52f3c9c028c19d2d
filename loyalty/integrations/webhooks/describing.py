"""What each event says, as JSON Schema: for the API's description, and for a test that it is true."""

from typing import Any

from loyalty.integrations.models import EventType
from loyalty.ledger.models import Entry
from loyalty.tiers.models import TierChange

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_DAY: Schema = {"type": "string", "format": "date"}


def _id(kind: str, *, optional: bool = False) -> Schema:
    return {
        "type": ["string", "null"] if optional else "string",
        "pattern": f"^{kind}_[0-9a-z]{{8}}$",
    }


_SALE: Schema = {"source": _TEXT, "reference": _TEXT}
_RETURN: Schema = {
    **_SALE,
    "refund_reference": _TEXT,
    "amount_minor": _COUNT,
    "points_taken": _COUNT,
    "points_returned": _COUNT,
}
_VOUCHER: Schema = {
    "voucher": _id("vou"),
    "redemption": _id("red", optional=True),
    "reward": _TEXT,
}
_SHARED: Schema = {
    "shared_voucher": _id("shv"),
    "reward": _TEXT,
    **_SALE,
    "discount_minor": _COUNT,
}
# What `data` has besides the customer, the sequence and the balance; where there are two, one of them.
SAID: dict[str, tuple[Schema, ...]] = {
    EventType.POINTS_CHANGED: (
        {"kind": {"enum": Entry.Kind.values}, "points": _WHOLE, "number": _COUNT, **_SALE},
    ),
    EventType.TIER_CHANGED: (
        {
            "from": {"type": ["string", "null"]},
            "to": _TEXT,
            "reason": {"enum": TierChange.Reason.values},
        },
    ),
    EventType.PURCHASE_RECORDED: (
        {**_SALE, "amount_minor": _COUNT, "points": _COUNT, "spent_points": _COUNT},
    ),
    EventType.PURCHASE_REFUNDED: (_RETURN,),
    EventType.PURCHASE_VOIDED: (_RETURN,),
    EventType.VOUCHER_ISSUED: ({**_VOUCHER, "expires_on": _DAY},),
    EventType.VOUCHER_USED: (_VOUCHER, _SHARED),
    EventType.VOUCHER_CANCELLED: (_VOUCHER,),
    EventType.CUSTOMER_CREATED: ({},),
    EventType.CUSTOMER_UPDATED: ({"merged_into": {"type": "null"}},),
    EventType.CUSTOMER_MERGED: ({"merged_into": _id("cus")},),
}
# A sale to nobody by name has none of them.
_OF_NOBODY = {
    EventType.PURCHASE_RECORDED,
    EventType.PURCHASE_REFUNDED,
    EventType.PURCHASE_VOIDED,
    EventType.VOUCHER_USED,
}


def schema_of(event: str) -> Schema:
    """The body of that event's messages. Fields may join it with a later release."""
    shapes = [_object({**_common(event), **said}) for said in SAID[event]]
    return _object(
        {
            "type": {"const": event},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": shapes[0] if len(shapes) == 1 else {"oneOf": shapes},
        }
    )


def webhooks() -> Schema:
    """All of them, as OpenAPI 3.1 describes webhooks."""
    return {str(event): {"post": _operation(EventType(event))} for event in SAID}


def _common(event: str) -> Schema:
    optional = event in _OF_NOBODY
    number = {"type": ["integer", "null"] if optional else "integer"}
    return {
        "customer": _id("cus", optional=optional),
        "sequence": number,
        "balance_after": number,
    }


def _object(properties: Schema) -> Schema:
    return {"type": "object", "required": [*properties], "properties": properties}


def _operation(event: EventType) -> Schema:
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "operationId": f"told_{event.name.lower()}",
        "summary": event.name.replace("_", " ").capitalize(),
        "tags": ["Webhooks"],
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": _TEXT} for name in headers
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema_of(event)}},
        },
        "responses": {"2XX": {"description": "Heard: it is not sent again"}},
    }
