"""
How members sign in: a code to their phone or address, then a session on that browser.

A code is six digits of a keyed digest of 128 random bits, so no code is ever stored. It lives
five minutes, is good once, for five tries, and only the newest one of an identity counts.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from customers.identity import normalise_phone
from customers.models import Consent, Customer, MemberSession, SignInChallenge
from customers.queries import known_by
from customers.services import clean_email, new_token
from loyalty.errors import DomainError, InvalidInput

CODE_LIFE = timedelta(minutes=5)
TRIES_PER_CODE = 5
CODES_PER_DAY = 10  # Of one phone or address.


class WrongCode(DomainError):
    """The code is wrong, old, used or tried too often; the asker learns no more than that."""

    def __init__(self) -> None:
        super().__init__(_("This code does not work. Check it, or ask for a new one."))


class TooManyCodes(DomainError):
    def __init__(self) -> None:
        super().__init__(_("Too many codes today. Please try again tomorrow or ask the staff."))


@transaction.atomic
def start_sign_in(*, identifier: str, at: datetime) -> SignInChallenge:
    """
    Open a challenge for a phone (any form) or e-mail. Known and unknown identities answer
    alike; only the challenge's `customer` differs. Older challenges of the identity close.

    Raises InvalidInput when `identifier` can be neither, TooManyCodes after ten in 24 hours.
    """
    channel, identity = _identify(identifier)
    digest = keyed_digest(identity)
    _lock(digest)
    recent = SignInChallenge.objects.filter(
        identity_digest=digest, created_at__gt=at - timedelta(days=1)
    )
    if recent.count() >= CODES_PER_DAY:
        raise TooManyCodes
    recent.filter(closed_at__isnull=True).update(closed_at=at)
    name = "phone" if channel == Consent.Channel.SMS else "email"
    return SignInChallenge.objects.create(
        nonce=new_token(),
        customer=Customer.objects.filter(known_by(name, identity)).first(),
        identity_digest=digest,
        channel=channel,
        created_at=at,
    )


def _lock(digest: str) -> None:
    """One request for a code at a time per identity, or parallel ones all count as the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])


def _identify(identifier: str) -> tuple[str, str]:
    if "@" in identifier:
        return Consent.Channel.EMAIL, clean_email(identifier).lower()
    if not identifier.strip():
        raise InvalidInput("identifier", _("A phone number is needed."))
    return Consent.Channel.SMS, normalise_phone(identifier)


def keyed_digest(text: str) -> str:
    """A digest that is useless without the server's secret: phones are too few to be hashed bare."""
    return salted_hmac("customers.identity", text, algorithm="sha256").hexdigest()


def code_of(challenge: SignInChallenge) -> str:
    """
    The six digits of the challenge, the same every time (truncation after RFC 4226 §5.3).
    Only the sender of the message and the check below may call it.
    """
    key = hashlib.sha256(f"customers.signin:{settings.SECRET_KEY}".encode()).digest()
    digest = hmac.new(key, challenge.nonce.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def check_code(*, challenge_id: int, code: str, at: datetime) -> Customer:
    """
    The customer who asked for the code. Every call is counted before it is judged, so parallel
    guesses get five tries together. Raises WrongCode; a right code works once.
    """
    # Counted in a transaction of its own, so that a refusal cannot roll the try back.
    with transaction.atomic():
        counted = SignInChallenge.objects.filter(
            pk=challenge_id,
            tries__lt=TRIES_PER_CODE,
            closed_at__isnull=True,
            created_at__gt=at - CODE_LIFE,
        )
        challenge = (
            counted.select_for_update(of=("self",)).select_related("customer__merged_into").first()
        )
        if challenge is None:
            raise WrongCode
        challenge.tries += 1
        right = hmac.compare_digest(code_of(challenge).encode(), code.strip().encode())
        if right:
            challenge.closed_at = at
        challenge.save(update_fields=["tries", "closed_at"])
    if not right or challenge.customer is None:
        raise WrongCode
    return challenge.customer.kept


@transaction.atomic
def open_session(*, customer: Customer, at: datetime) -> str:
    """Sign the customer in on one more browser; return the token its cookie must carry."""
    token = new_token() + new_token()
    MemberSession.objects.create(
        token_digest=_session_digest(token),
        customer=customer,
        created_at=at,
        expires_at=at + settings.MEMBER_SESSION_AGE,
    )
    return token


def member_of_session(token: str, *, at: datetime) -> Customer | None:
    """Who is signed in with that cookie, or None. One query."""
    session = (
        MemberSession.objects.select_related("customer__merged_into")
        .filter(token_digest=_session_digest(token), expires_at__gt=at)
        .first()
    )
    return session.customer.kept if session else None


def end_session(token: str) -> None:
    """Sign that browser out. Safe to repeat."""
    MemberSession.objects.filter(token_digest=_session_digest(token)).delete()


def _session_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
