"""Sending again what was sent before, under the same ids: receivers know what they have had."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.integrations.models import Delivery, Endpoint

KEPT = timedelta(days=45)  # How far back events can be sent again.
CHUNK = 5_000  # Rows forgotten in one statement.

_REPLAY = """
INSERT INTO integrations_delivery (event_id, endpoint_id, state, due_at, attempts, problem, answer)
SELECT e.id, p.id, 'waiting', %(at)s, 0, '', ''
FROM integrations_endpoint p JOIN integrations_event e ON e.type = ANY (p.events)
WHERE p.id = %(endpoint)s AND e.created_at >= %(since)s
ORDER BY e.id
ON CONFLICT (event_id, endpoint_id) DO UPDATE
    SET state = 'waiting', due_at = excluded.due_at, attempts = 0, leased_until = NULL,
        delivered_at = NULL
"""
# What the sweep may still look at is not forgotten, or it would be told twice.
_FORGET = """
WITH old AS (
    SELECT e.id FROM integrations_event e
    LEFT JOIN integrations_watermark w ON w.source = e.source
    WHERE e.created_at < %(before)s AND (w.settled IS NULL OR e.fact <= w.settled)
    ORDER BY e.created_at LIMIT %(chunk)s
), deliveries AS (
    DELETE FROM integrations_delivery d USING old WHERE d.event_id = old.id
)
DELETE FROM integrations_event e USING old WHERE e.id = old.id
"""


def replay(*, endpoint: Endpoint, since: datetime, at: datetime) -> int:
    """
    Send the endpoint everything again that it is told of and that was told since that moment, also
    what it missed; return how many events that is. Raises DomainError for one that was ended, and
    for a moment from before the oldest event that is kept.
    """
    if endpoint.state == Endpoint.State.ENDED:
        raise DomainError(_("This webhook was ended."))
    if since < at - KEPT:
        raise DomainError(_("Events are kept for %(days)s days.") % {"days": KEPT.days})
    with connection.cursor() as cursor:
        cursor.execute(_REPLAY, {"endpoint": endpoint.pk, "since": since, "at": at})
        return int(cursor.rowcount)


def send_again(*, delivery_ids: Iterable[int], at: datetime) -> int:
    """Send these deliveries again; return how many. Those to an endpoint that was ended stay."""
    chosen = Delivery.objects.filter(pk__in=[*delivery_ids])
    return chosen.exclude(endpoint__state=Endpoint.State.ENDED).update(
        state=Delivery.State.WAITING, due_at=at, attempts=0, leased_until=None, delivered_at=None
    )


def forget_old(*, at: datetime) -> int:
    """Delete events, and their deliveries, that are older than is kept; return how many events."""
    forgotten = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, {"before": at - KEPT, "chunk": CHUNK})
            forgotten += (deleted := int(cursor.rowcount))
        if deleted < CHUNK:
            return forgotten
