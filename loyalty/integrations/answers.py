"""Answering a repeated request with the bytes of the first answer, and acting on it only once."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.integrations.models import Answer
from loyalty.statements import one_row
from loyalty.transactions import whole

KEPT = timedelta(days=45)  # A till that was offline may ask again after weeks.
CHUNK = 5_000  # Rows forgotten in one statement.
_KEY = re.compile(r"[A-Za-z0-9._:+/=-]{8,100}")

# Asked with every request that has a key, so prepared. Always a row.
_KEPT = """
SELECT a.request_hash, a.status, a.body, a.customer_id
FROM (VALUES (%s, %s, %s)) AS asked (source, route, idempotency_key)
LEFT JOIN integrations_answer a USING (source, route, idempotency_key)
"""
_KEEP = """
WITH kept AS (
    INSERT INTO integrations_answer (source, route, idempotency_key, request_hash, status, body,
        customer_id, created_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s::bigint, %s)
    ON CONFLICT (source, route, idempotency_key) DO NOTHING
    RETURNING id
)
SELECT count(*) FROM kept
"""


@dataclass(frozen=True)
class Request:
    """What makes two requests the same one."""

    source: str
    route: str
    idempotency_key: str
    request_hash: str

    @classmethod
    def of(cls, *, source: str, route: str, idempotency_key: str, asked: bytes) -> "Request":
        """
        `asked` is all that the request says. Only a keyed hash of it is kept: a bare one of a
        phone number is guessed in seconds. Raises InvalidInput for a key in no proper form.
        """
        if not _KEY.fullmatch(idempotency_key):
            text = _("8 to 100 letters, digits and signs of . _ : + / = - are needed.")
            raise InvalidInput("Idempotency-Key", text)
        digest = salted_hmac("loyalty.integrations.answers", asked, algorithm="sha256")
        return cls(source, route, idempotency_key, digest.hexdigest())


@dataclass(frozen=True)
class Reply:
    status: int
    body: str  # JSON.
    customer_id: int | None = None  # Whose personal data the body holds, if any.
    replayed: bool = field(default=False, compare=False)  # Said before.


class _Overtaken(DomainError):
    """A twin of this request was answered meanwhile."""


def once(request: Request, act: Callable[[], Reply], *, at: datetime) -> Reply:
    """
    What `act` replies, kept in the same transaction as its effect; for a repeated request the
    first reply. Of twins that come at the same moment one acts and the others wait for it.

    A refusal, raised by `act` as DomainError, is not kept: it has written nothing, and trying
    again may succeed. Raises Conflict when the key was used for another request.
    """
    known = kept(request)
    if known is not None:
        return known
    try:
        return _act(request, act, at)
    except DomainError:
        # To the slower twin the faster one's deed may look like a reason to refuse.
        known = kept(request)
        if known is None:
            raise
        return known


def kept(request: Request) -> Reply | None:
    """What was answered before, if it was. Raises Conflict when another request was."""
    asked = [request.source, request.route, request.idempotency_key]
    request_hash, status, body, customer_id = one_row(_KEPT, asked)
    if request_hash is None:
        return None
    if request_hash != request.request_hash:
        raise Conflict(_("This Idempotency-Key was used for another request."))
    return Reply(status, body, customer_id, replayed=True)


def keep(request: Request, reply: Reply, *, at: datetime) -> bool:
    """
    Keep a reply that has no one effect, such as a batch's; False when a twin's is kept already.
    Waits for a twin that is writing at this moment.
    """
    (rows,) = one_row(
        _KEEP,
        [
            *(request.source, request.route, request.idempotency_key, request.request_hash),
            *(reply.status, reply.body, reply.customer_id, at),
        ],
    )
    return bool(rows)


def forget_old(*, at: datetime) -> int:
    """Delete the answers that were kept long enough; return how many. Safe to run twice."""
    forgotten = 0
    old = Answer.objects.filter(created_at__lt=at - KEPT).order_by("created_at")
    while ids := list(old.values_list("pk", flat=True)[:CHUNK]):
        forgotten += Answer.objects.filter(pk__in=ids).delete()[0]
    return forgotten


def forget_customer(*, customer_id: int) -> int:
    """Delete the answers that told this customer's personal data; return how many."""
    return Answer.objects.filter(customer_id=customer_id).delete()[0]


@whole
def _act(request: Request, act: Callable[[], Reply], at: datetime) -> Reply:
    reply = act()
    if not keep(request, reply, at=at):
        raise _Overtaken
    return reply
