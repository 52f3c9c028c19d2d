from loyalty.integrations.models.programs import Answer, ApiKey
from loyalty.integrations.models.webhooks import (
    Chain,
    Delivery,
    Endpoint,
    EndpointSecret,
    Event,
    EventType,
    Watermark,
)

__all__ = [
    "Answer",
    "ApiKey",
    "Chain",
    "Delivery",
    "Endpoint",
    "EndpointSecret",
    "Event",
    "EventType",
    "Watermark",
]
