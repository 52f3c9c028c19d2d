"""
Refusing adverts by the link in one of them: no sign-in, one act, at once. The link names a
customer by number and a channel, signed; it never expires, because letters are kept for years.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.gate import Rule
from campaigns.models import Channel, Message
from customers.models import Consent, Customer
from customers.services import record_consent
from loyalty.errors import DomainError

WORDING = "unsubscribe-1"  # The text of templates/shared/unsubscribe.html.
_signer = Signer(salt="campaigns.unsubscribe")


class BadLink(DomainError):
    def __init__(self) -> None:
        super().__init__(_("This link is not whole. Open it again from the message."))


@dataclass(frozen=True)
class Subscription:
    """What a link is about."""

    customer: Customer
    channel: str
    agreed: bool  # Whether adverts are still welcome there.


def link_for(*, customer_id: int, channel: str) -> str:
    """The whole address for one customer and channel; the same every time."""
    token = _signer.sign_object([customer_id, str(channel)])
    return f"{settings.SITE_URL}{reverse('unsubscribe', args=[token])}"


def read_link(token: str) -> Subscription:
    """What the link is about. Writes nothing. Raises BadLink."""
    try:
        customer_id, channel = _signer.unsign_object(token)
        customer = Customer.objects.select_related("merged_into").get(pk=customer_id).kept
    except (BadSignature, Customer.DoesNotExist) as error:
        raise BadLink from error
    newest = (
        Consent.objects.filter(customer=customer, channel=channel, purpose=Consent.Purpose.ADS)
        .order_by("-id")
        .first()
    )
    return Subscription(customer, channel, agreed=newest is not None and newest.granted)


@transaction.atomic
def refuse(*, customer: Customer, channel: str, at: datetime) -> int:
    """
    Record that the customer refuses adverts by `channel`, and stop those that wait; returns how
    many (Decree 91/2020 art. 16: at once). Safe to repeat.
    """
    record_consent(
        customer=customer,
        channel=channel,
        granted=False,
        wording=WORDING,
        means=Consent.Means.UNSUBSCRIBE,
        at=at,
        by=None,
    )
    # A claimed one is stopped too: its worker looks once more before it calls the provider.
    return Message.objects.filter(
        customer=customer,
        channel=Channel(channel),
        message_class=Message.Class.ADVERT,
        state__in=[Message.State.QUEUED, Message.State.CLAIMED],
    ).update(state=Message.State.BLOCKED, detail=Rule.NO_CONSENT, leased_until=None)
