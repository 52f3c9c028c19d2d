"""
The law, asked when a message is claimed and not when it was written: consent, hours, caps and a
way to refuse (Decree 91/2020/ND-CP). A birthday wish is an advert by that decree (art. 3), so
everything here holds for it too. The numbers are rows of shop.LegalRule.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Channel, Message
from customers.models import Consent
from customers.signin import keyed_digest
from loyalty.shop.models import Shop
from loyalty.shop.queries import get_shop, legal_value

DAY = timedelta(hours=24)
MONTH = timedelta(days=30)
State = Message.State


class Rule(models.TextChoices):
    """Why a message did not go out, or not yet; its name is kept in `Message.detail`."""

    NO_ADDRESS = "no_address", _("The customer has no address for this channel")
    NO_CONSENT = "no_consent", _("The customer has not agreed, or has refused since")
    NO_OPT_OUT = "no_opt_out", _("The shop's hotline (SMS) or address (e-mail) is missing")
    CAP_24_HOURS = "cap_24_hours", _("This address had its adverts of the last 24 hours")
    CAP_30_DAYS = "cap_30_days", _("This address had the adverts it was promised for a month")
    OUTSIDE_HOURS = "outside_hours", _("Waits for the hours in which adverts may go out")
    TOO_LATE = "too_late", _("It was too late to send it")
    CODE_CLOSED = "code_closed", _("The sign-in code was used or replaced before it was sent")
    MERGED = "merged", _("The customer was merged with one who has this message")
    WORKER_LOST = "worker_lost", _("The worker stopped before the provider's answer was noted")


@dataclass(frozen=True)
class Law:
    """What the law says on one day, as far as messages go. Hours are the shop's clock."""

    label: str  # Stands first in every advert.
    hour_from: int  # The first hour in which adverts may go out.
    hour_to: int  # They stop when this hour begins.
    cap_24_hours: int  # Adverts to one address within 24 hours.


@dataclass(frozen=True)
class Facts:
    """What the law asks about one message."""

    is_advert: bool
    has_address: bool
    code_closed: bool
    agreed: bool
    can_refuse: bool
    adverts_24_hours: int
    adverts_30_days: int
    not_after: datetime


@dataclass(frozen=True)
class Verdict:
    state: State  # CLAIMED means it may go out now.
    rule: Rule | None = None
    send_after: datetime | None = None


@dataclass(frozen=True)
class Ruling:
    """The verdict on one message, and where it may go."""

    message: Message
    verdict: Verdict
    address: str
    agreed_at: datetime | None  # When the customer agreed to adverts.


def law_on(day: date) -> Law:
    """The law in force on that day. Raises LegalRule.DoesNotExist when a rule is missing."""
    return Law(
        label=legal_value("advert_label", on=day),
        hour_from=int(legal_value("advert_hour_from", on=day)),
        hour_to=int(legal_value("advert_hour_to", on=day)),
        cap_24_hours=int(legal_value("advert_cap_24_hours", on=day)),
    )


def judge(facts: Facts, *, law: Law, zone: ZoneInfo, at: datetime) -> Verdict:
    """
    Whether the message may go out at `at`. Pure. Service messages need an address and no more;
    for adverts every rule of Decree 91/2020 art. 13-16 is asked, the customer's word first.
    """
    if at > facts.not_after:
        return Verdict(State.EXPIRED, Rule.TOO_LATE)
    if not facts.has_address:
        return Verdict(State.BLOCKED, Rule.NO_ADDRESS)
    if not facts.is_advert:
        closed = facts.code_closed
        return Verdict(State.EXPIRED, Rule.CODE_CLOSED) if closed else Verdict(State.CLAIMED)
    if not facts.agreed:
        return Verdict(State.BLOCKED, Rule.NO_CONSENT)
    if not facts.can_refuse:
        return Verdict(State.BLOCKED, Rule.NO_OPT_OUT)
    opens = next_allowed(at, law=law, zone=zone)
    if opens > facts.not_after:
        return Verdict(State.EXPIRED, Rule.TOO_LATE)
    if opens > at:
        return Verdict(State.QUEUED, Rule.OUTSIDE_HOURS, send_after=opens)
    if facts.adverts_24_hours >= law.cap_24_hours:
        return Verdict(State.BLOCKED, Rule.CAP_24_HOURS)
    if facts.adverts_30_days >= Consent.MOST_A_MONTH:
        return Verdict(State.BLOCKED, Rule.CAP_30_DAYS)
    return Verdict(State.CLAIMED)


def next_allowed(at: datetime, *, law: Law, zone: ZoneInfo) -> datetime:
    """The first moment from `at` on in which adverts may go out; `at` itself when it may."""
    local = at.astimezone(zone)
    if law.hour_from <= local.hour < law.hour_to:
        return at
    day = local.date() + timedelta(days=int(local.hour >= law.hour_to))
    return datetime.combine(day, time(law.hour_from), tzinfo=zone).astimezone(UTC)


def sort(due: Sequence[Message], *, at: datetime) -> list[Ruling]:
    """
    A ruling for each message, in order. The messages come locked together with their customers,
    so that a refusal recorded before the claim is seen and two claims cannot share one cap.
    The number of queries does not depend on how many messages there are.
    """
    shop = get_shop()
    law = law_on(at.astimezone(shop.zone).date())
    agreed = _agreed(due)
    sent_today, sent_lately = (_adverts_since(at - span, due) for span in (DAY, MONTH))
    rulings = []
    for message in due:
        consent = agreed.get((message.customer_id, message.channel))
        digest = digest_of(address_of(message))
        facts = _facts(
            message,
            shop=shop,
            agreed=consent is not None,
            sent=(sent_today[digest], sent_lately[digest]),
        )
        verdict = judge(facts, law=law, zone=shop.zone, at=at)
        if facts.is_advert and verdict.state == State.CLAIMED:
            sent_today[digest] += 1
            sent_lately[digest] += 1
        agreed_at = consent.recorded_at if consent else None
        rulings.append(Ruling(message, verdict, address_of(message), agreed_at))
    return rulings


def address_of(message: Message) -> str:
    """Where the message would go now: addresses live with the customer alone."""
    return message.customer.address(message.channel)


def digest_of(address: str) -> str:
    """What a sent message keeps of its address, to count by; empty for no address."""
    return keyed_digest(address.lower()) if address else ""


def _facts(message: Message, *, shop: Shop, agreed: bool, sent: tuple[int, int]) -> Facts:
    challenge = message.challenge
    return Facts(
        is_advert=message.message_class == Message.Class.ADVERT,
        has_address=bool(address_of(message)),
        code_closed=challenge is None or challenge.closed_at is not None,
        agreed=agreed,
        can_refuse=bool(shop.hotline if message.channel == Channel.SMS else shop.address),
        adverts_24_hours=sent[0],
        adverts_30_days=sent[1],
        not_after=message.not_after,
    )


def _agreed(due: Iterable[Message]) -> dict[tuple[int, str], Consent]:
    """The consents that stand, by customer and channel: the newest word counts."""
    newest = (
        Consent.objects.filter(
            customer__in={message.customer_id for message in due},
            purpose=Consent.Purpose.ADS,
        )
        .order_by("customer_id", "channel", "-id")
        .distinct("customer_id", "channel")
    )
    return {
        (consent.customer_id, consent.channel): consent for consent in newest if consent.granted
    }


def _adverts_since(since: datetime, due: Sequence[Message]) -> Counter[str]:
    """
    How many adverts each address had since then, may have had, or is about to have; by its digest.
    Those in `due` are counted when they are ruled on.
    """
    held = Q(state__in=[State.CLAIMED, State.CALLING])
    tried = Q(state__in=[State.SENT, State.UNKNOWN, State.QUEUED], attempted_at__gt=since)
    rows = (
        Message.objects.filter(
            held | tried,
            message_class=Message.Class.ADVERT,
            address_digest__in={digest_of(address_of(message)) for message in due} - {""},
        )
        .exclude(pk__in=[message.pk for message in due])
        .order_by()
        .values("address_digest")
        .annotate(number=Count("pk"))
    )
    return Counter({row["address_digest"]: row["number"] for row in rows})
