"""What an event says, as bytes: the same ones at every attempt."""

import json
from datetime import UTC
from typing import Any

from loyalty.integrations.ids import public_id
from loyalty.integrations.models import Event

# Numbers of rows among an event's facts, and as what the API shows them.
_KINDS = {"voucher": "vou", "shared_voucher": "shv", "redemption": "red", "merged_into": "cus"}


def message_id(event: Event) -> str:
    """The same for every attempt, so that a receiver knows what it has had."""
    return f"evt_{event.uid.hex}"


def body_of(event: Event) -> bytes:
    """The JSON document that is sent."""
    data: dict[str, Any] = {
        "customer": public_id("cus", event.customer_id) if event.customer_id else None,
        "sequence": event.sequence,
        "balance_after": event.balance_after,
    }
    for name, value in event.data.items():
        data[name] = public_id(_KINDS[name], value) if name in _KINDS and value else value
    moment = event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    document = {"type": event.type, "timestamp": moment, "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
