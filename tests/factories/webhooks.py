"""Endpoints, and what they were told."""

from datetime import datetime
from typing import Any

from customers.models import Customer
from loyalty.integrations.models import Endpoint, Event, EventType
from loyalty.integrations.webhooks.endpoints import NewEndpoint, create_endpoint
from loyalty.integrations.webhooks.gathering import gather
from tests.factories.clock import NOON

NOWHERE = "https://hooks.example.com/loyalty"


def webhook(*events: str, url: str = NOWHERE, at: datetime = NOON) -> NewEndpoint:
    """An endpoint that is told of everything, or only of what is named."""
    return create_endpoint(url=url, events=events or EventType.values, at=at, by=None)


def sweep(at: datetime = NOON) -> int:
    return gather(clock=lambda: at)


def told(customer: Customer | None, *kinds: str) -> list[tuple[Any, ...]]:
    """Sequence, event and balance after it, in order."""
    events = Event.objects.filter(customer=customer).order_by("sequence", "pk")
    if kinds:
        events = events.filter(type__in=kinds)
    return list(events.values_list("sequence", "type", "balance_after"))


def deliveries(endpoint: Endpoint) -> list[tuple[str, int]]:
    """State and attempts of each, in the order of their events."""
    return list(endpoint.deliveries.order_by("event").values_list("state", "attempts"))
