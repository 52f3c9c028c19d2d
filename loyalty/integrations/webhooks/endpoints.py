"""The only writers of endpoints and their secrets."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from loyalty.errors import DomainError, InvalidInput
from loyalty.integrations.models import Endpoint, EndpointSecret, EventType
from loyalty.integrations.webhooks import marks
from loyalty.integrations.webhooks.addresses import target_of
from loyalty.integrations.webhooks.signing import new_nonce, secret_of
from loyalty.shop.models import User
from loyalty.transactions import lock_event

OVERLAP = timedelta(hours=24)  # How long a replaced secret still signs beside the new one.

State = Endpoint.State


@dataclass(frozen=True)
class NewEndpoint:
    endpoint: Endpoint
    secret: str  # To be shown once, to whoever asked for it.


@transaction.atomic
def create_endpoint(
    *, url: str, events: Iterable[str], at: datetime, by: User | None
) -> NewEndpoint:
    """
    Tell that address of these events from now on. Not safe to retry: a second call raises
    DomainError, for the address is taken. Raises InvalidInput naming the field, and DomainError
    while a long import is being written.
    """
    target_of(url)
    wanted = check_events(events)
    lock_event("webhooks", "endpoints")
    live = Endpoint.objects.exclude(state=State.ENDED)
    if live.filter(url=url).exists():
        raise DomainError(_("There is a webhook to this address already."))
    if not live.exists():
        marks.begin()
    endpoint = Endpoint.objects.create(url=url, events=wanted, created_at=at, created_by=by)
    return NewEndpoint(endpoint, _add_secret(endpoint, at=at))


def check_events(events: Iterable[str]) -> list[str]:
    """The kinds of events, each once, in our order. Raises InvalidInput for others, or none."""
    wanted = set(events)
    if not wanted or not wanted <= set(EventType.values):
        known = ", ".join(EventType.values)
        raise InvalidInput("events", _("Choose from these events: %(known)s.") % {"known": known})
    return [event for event in EventType.values if event in wanted]


@transaction.atomic
def change_events(*, endpoint: Endpoint, events: Iterable[str]) -> None:
    """Tell the endpoint of these events from now on. Raises InvalidInput."""
    Endpoint.objects.filter(pk=endpoint.pk).update(events=check_events(events))


@transaction.atomic
def renew_secret(*, endpoint: Endpoint, at: datetime) -> str:
    """
    A new secret, to be shown once. The one before signs beside it for another 24 hours. Raises
    DomainError for an endpoint that was ended.
    """
    current = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if current.state == State.ENDED:
        raise DomainError(_("This webhook was ended."))
    current.secrets.filter(ends_at=None).update(ends_at=at + OVERLAP)
    return _add_secret(current, at=at)


def newest_secret(endpoint: Endpoint) -> str:
    """The secret to show to whoever has just made the endpoint. One query."""
    return secret_of(EndpointSecret.objects.get(endpoint=endpoint, ends_at=None).nonce)


def stopped() -> list[Endpoint]:
    """The endpoints that we stopped, and an owner has to look at. One query."""
    return list(Endpoint.objects.filter(state__in=Endpoint.STOPPED).order_by("pk"))


def live_nonces(endpoint_id: int, *, at: datetime) -> list[str]:
    """What the endpoint's messages are signed with at that moment, newest first. One query."""
    live = EndpointSecret.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    return list(live.filter(endpoint=endpoint_id).order_by("-pk").values_list("nonce", flat=True))


def switch_on(*, endpoint: Endpoint) -> None:
    """Send again, what waits first. An endpoint that was ended stays so. Safe to repeat."""
    _live(endpoint).update(state=State.ON, failing_since=None)


def switch_off(*, endpoint: Endpoint) -> None:
    """Send nothing for now; what happens meanwhile can be replayed. Safe to repeat."""
    _live(endpoint).update(state=State.OFF)


def end(*, endpoint: Endpoint) -> None:
    """Send nothing there ever again. Safe to repeat."""
    _live(endpoint).update(state=State.ENDED)


def _live(endpoint: Endpoint) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(pk=endpoint.pk).exclude(state=State.ENDED)


def _add_secret(endpoint: Endpoint, *, at: datetime) -> str:
    made = EndpointSecret.objects.create(endpoint=endpoint, nonce=new_nonce(), created_at=at)
    return secret_of(made.nonce)
