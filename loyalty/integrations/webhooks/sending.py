"""
Sending what waits. Rows of Delivery are the queue: claim, call, record are commits of their own, and
no call happens inside a transaction. A worker that died leaves a lease behind; when it runs out the
same message goes again, under the same id: each is delivered at least once.
"""

import zlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from loyalty.errors import InvalidInput
from loyalty.integrations.models import Delivery, Endpoint
from loyalty.integrations.webhooks.addresses import target_of
from loyalty.integrations.webhooks.calling import Problem, Reply, post
from loyalty.integrations.webhooks.endpoints import live_nonces
from loyalty.integrations.webhooks.payloads import body_of, message_id
from loyalty.integrations.webhooks.signing import sign

LEASE = timedelta(seconds=60)  # Many times the longest call.
# For one run, so that webhooks never keep a worker from the shop's own messages: first for endpoints
# that answer, then for those that do not.
DRAIN_TIME = timedelta(seconds=8)
PROBE_TIME = timedelta(seconds=4)
# How long to wait after each failed attempt: the schedule that Standard Webhooks suggests, a little
# over three days together. After the last one the delivery is given up.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(WAITS) + 1
MOST_JITTER = 200  # Thousandths of the wait, added.
LONGEST_WAIT = timedelta(hours=24)  # Whatever `Retry-After` says.
PATIENCE = timedelta(days=5)  # An endpoint that only fails for so long is stopped.
GONE = 410  # "Never again", says the receiver.

State = Delivery.State
Clock = Callable[[], datetime]


def drain(*, clock: Clock, limit: int | None = None) -> Counter[str]:
    """
    Send what is due now, `limit` messages at most, each endpoint in turn; return how many ended in
    which state. An endpoint that fails has the rest of its messages left for the next run, and comes
    after all the others then. Safe to run twice, late or in parallel. Must not run inside a
    transaction.
    """
    tally = Counter[str]()
    running = list(Endpoint.objects.filter(state=Endpoint.State.ON).order_by("pk"))
    well = [endpoint for endpoint in running if endpoint.failing_since is None]
    failing = [endpoint for endpoint in running if endpoint.failing_since is not None]
    # In another order every second: where all hang, only the first is reached.
    failing.sort(key=lambda endpoint: _spread(int(clock().timestamp()), endpoint.pk))
    for endpoints, time in ((well, DRAIN_TIME), (failing, PROBE_TIME)):
        _serve(endpoints, tally, end=clock() + time, limit=limit, clock=clock)
    return tally


@transaction.atomic(durable=True)
def claim(endpoint: Endpoint, *, at: datetime) -> Delivery | None:
    """
    The endpoint's next due delivery, leased: its attempt has begun. Two workers never hold the
    same one while the lease lasts.
    """
    due = Delivery.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=at),
        endpoint=endpoint,
        endpoint__state=Endpoint.State.ON,
        state=State.WAITING,
        due_at__lte=at,
    ).select_related("event", "endpoint")
    rows = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
    delivery = rows.order_by("due_at", "pk").first()
    if delivery is not None:
        delivery.attempts += 1
        delivery.attempted_at = at
        delivery.leased_until = at + LEASE
        delivery.save(update_fields=["attempts", "attempted_at", "leased_until"])
    return delivery


@transaction.atomic(durable=True)
def record(delivery: Delivery, reply: Reply, *, at: datetime) -> str:
    """
    Note what came of the attempt and return the state the delivery is in now. Only the newest
    attempt may write: a worker that was thought lost cannot overrule the one after it.
    """
    values = _after(delivery, reply, at=at)
    written = Delivery.objects.filter(
        pk=delivery.pk, state=State.WAITING, attempts=delivery.attempts
    ).update(
        leased_until=None, status=reply.status, problem=reply.problem, answer=reply.text, **values
    )
    if written:
        _note(delivery.endpoint_id, reply, at=at)
    return str(values["state"])


def wait_after(attempts: int, *, seed: int) -> timedelta:
    """
    How long to wait after so many attempts, spread a little by `seed`, so that what failed together
    does not come back together.

    >>> wait_after(1, seed=1), wait_after(9, seed=7) > timedelta(hours=24)
    (datetime.timedelta(seconds=5, microseconds=975000), True)
    """
    jitter = _spread(seed, attempts) % (MOST_JITTER + 1)
    return WAITS[attempts - 1] * (1_000 + jitter) / 1_000


def _spread(seed: int, number: int) -> int:
    """A number that looks random, and is the same for the same two."""
    return zlib.crc32(f"{seed}/{number}".encode())


def _serve(
    endpoints: list[Endpoint],
    tally: Counter[str],
    *,
    end: datetime,
    limit: int | None,
    clock: Clock,
) -> None:
    """One message of each in turn, until nothing is due, it fails, or the time is over."""
    while endpoints:
        for endpoint in tuple(endpoints):
            if clock() >= end or tally.total() == limit:
                return
            delivery = claim(endpoint, at=clock())
            state = _send(delivery, clock=clock) if delivery else ""
            if delivery:
                tally[state] += 1
            if state != State.DELIVERED:
                endpoints.remove(endpoint)


def _send(delivery: Delivery, *, clock: Clock) -> str:
    try:
        target = target_of(delivery.endpoint.url)
    except InvalidInput:  # It was fine once: the settings have changed.
        return record(delivery, Reply(problem=Problem.NOT_PUBLIC), at=clock())
    at = clock()
    moment, body = int(at.timestamp()), body_of(delivery.event)
    name = message_id(delivery.event)
    nonces = live_nonces(delivery.endpoint_id, at=at)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(moment),
        "webhook-signature": sign(nonces, message_id=name, moment=moment, body=body),
    }
    return record(delivery, post(target, headers=headers, body=body), at=clock())


def _after(delivery: Delivery, reply: Reply, *, at: datetime) -> dict[str, object]:
    if reply.accepted:
        return {"state": State.DELIVERED, "delivered_at": at}
    if reply.status == GONE or delivery.attempts >= MAX_ATTEMPTS:
        return {"state": State.DEAD}
    wait = wait_after(delivery.attempts, seed=delivery.pk)
    if reply.retry_after is not None:
        wait = max(wait, min(timedelta(seconds=reply.retry_after), LONGEST_WAIT))
    return {"state": State.WAITING, "due_at": at + wait}


def _note(endpoint_id: int, reply: Reply, *, at: datetime) -> None:
    """Keep since when the endpoint has only failed, and stop it when that is too long."""
    endpoint = Endpoint.objects.filter(pk=endpoint_id)
    if reply.accepted:
        endpoint.filter(failing_since__isnull=False).update(failing_since=None)
        return
    endpoint.update(failing_since=Coalesce("failing_since", at))
    running = endpoint.filter(state=Endpoint.State.ON)
    if reply.status == GONE:
        running.update(state=Endpoint.State.GONE)
    else:
        running.filter(failing_since__lte=at - PATIENCE).update(state=Endpoint.State.FAILING)
