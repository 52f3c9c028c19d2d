"""
The outbox: rows of Message are the queue. Claim, call, record are commits of their own, and no
network call happens inside a transaction, so a worker may die at any point and nothing is lost:

  queued → claimed → calling → sent | unknown | failed | queued again, later

A worker that died leaves a lease behind. When it runs out, a message nobody was asked to send
goes back to the queue; an e-mail in the middle of its call too (it may arrive twice, under one
Message-ID); an SMS in the middle of its call becomes UNKNOWN and is never sent again by itself.
"""

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns import gate
from campaigns.channels.email import EmailChannel
from campaigns.channels.outcomes import Outcome, Result, outcome_of
from campaigns.channels.sms import SmsChannel
from campaigns.composing import Letterhead, compose, letterhead
from campaigns.gate import Rule, Ruling
from campaigns.journeys import enqueue_sign_in_codes
from campaigns.models import Channel, Message

log = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(minutes=5)
LONGEST_CALL = timedelta(minutes=3)  # A mail server may use up a time-out at every step.
# Well below the task's hard time limit, so that a long queue never gets a worker killed.
DRAIN_TIME = timedelta(minutes=3)
MAX_ATTEMPTS = 5
UNREACHABLE_PAUSE = timedelta(minutes=2)

State = Message.State
Clock = Callable[[], datetime]
Channels = Mapping[str, EmailChannel | SmsChannel]


def drain(*, clock: Clock, limit: int | None = None) -> Counter[str]:
    """
    Send what is due now, `limit` messages at most, service messages first; returns how many ended
    in which state. Safe to run twice, late or in parallel. Must not run inside a transaction.
    """
    started, tally = clock(), Counter[str]()
    recover(at=started)
    enqueue_sign_in_codes(at=started)
    with ExitStack() as stack:
        channels: Channels = {
            Channel.EMAIL: stack.enter_context(EmailChannel()),
            Channel.SMS: stack.enter_context(SmsChannel()),
        }
        while clock() < started + DRAIN_TIME:
            left = BATCH if limit is None else min(BATCH, limit - tally.total())
            claimed = claim_due(at=clock(), limit=left)
            if not claimed:
                break
            paper = letterhead(at=clock())
            for ruling in claimed:
                tally[_send(ruling, paper, channels, clock=clock)] += 1
    return tally


def claim_due(*, at: datetime, limit: int) -> list[Ruling]:
    """
    Lease up to `limit` due messages that may lawfully go out at `at`. Those that may not become
    BLOCKED or EXPIRED on the way, with the rule's name, or wait for the next allowed hour. Two
    workers never claim the same message.
    """
    looked_at, allowed = limit, list[Ruling]()
    while looked_at and not allowed:
        looked_at, allowed = _claim_some(at=at, limit=limit)
    return allowed


@transaction.atomic(durable=True)
def recover(*, at: datetime) -> None:
    """Settle what a lost worker left behind, and what has waited too long. Safe to repeat."""
    stuck = Message.objects.filter(leased_until__lt=at)
    calling = stuck.filter(state=State.CALLING)
    again = Q(channel=Channel.EMAIL, attempts__lt=MAX_ATTEMPTS)
    for messages, state in (
        (stuck.filter(state=State.CLAIMED), State.QUEUED),
        (calling.filter(again), State.QUEUED),
        (calling.filter(channel=Channel.SMS), State.UNKNOWN),
        (calling.filter(channel=Channel.EMAIL, attempts__gte=MAX_ATTEMPTS), State.FAILED),
    ):
        _unlocked(messages).update(state=state, detail=Rule.WORKER_LOST, leased_until=None)
    late = Message.objects.filter(state=State.QUEUED, not_after__lt=at)
    _unlocked(late).update(state=State.EXPIRED, detail=Rule.TOO_LATE)


def record(message: Message, outcome: Outcome, *, at: datetime) -> str:
    """
    Note what came of the call and return the state the message is in now. Only the newest attempt
    may write: a worker that was thought lost cannot overrule the one after it.
    """
    values = _after(message, outcome, at=at)
    written = Message.objects.filter(pk=message.pk, attempts=message.attempts).update(
        leased_until=None, attempted_at=at, **values
    )
    if not written:
        log.warning("message %s: the outcome of an older attempt came late", message.pk)
    return str(values["state"])


@transaction.atomic(durable=True)
def _claim_some(*, at: datetime, limit: int) -> tuple[int, list[Ruling]]:
    """How many due messages were looked at, and those that are now claimed."""
    # Customers are locked as well: recording a refusal locks them, so a claim sees it or comes
    # before it. Nothing is waited for; whoever is busy now is taken by a later claim.
    due = list(
        Message.objects.filter(
            Q(campaign__isnull=True) | Q(campaign__is_active=True),
            state=State.QUEUED,
            send_after__lte=at,
        )
        .order_by("-message_class", "send_after", "pk")
        .select_related("customer", "campaign", "challenge")
        .prefetch_related("customer__merged")
        .select_for_update(of=("self", "customer"), skip_locked=True, no_key=True)[:limit]
    )
    if not due:
        return 0, []
    rulings = gate.sort(due, at=at)
    for ruling in rulings:
        _apply(ruling, at=at)
    Message.objects.bulk_update(
        due, ["state", "detail", "send_after", "leased_until", "address_digest"]
    )
    return len(due), [ruling for ruling in rulings if ruling.verdict.state == State.CLAIMED]


def _apply(ruling: Ruling, *, at: datetime) -> None:
    message, verdict = ruling.message, ruling.verdict
    message.state = verdict.state
    message.detail = verdict.rule or ""
    message.send_after = verdict.send_after or message.send_after
    if verdict.state == State.CLAIMED:
        message.leased_until = at + LEASE
        message.address_digest = gate.digest_of(ruling.address)


def _send(ruling: Ruling, paper: Letterhead, channels: Channels, *, clock: Clock) -> str:
    message = ruling.message
    if not _begin(message, at=clock()):
        return "left"
    try:
        outgoing = compose(ruling, paper)
    except Exception as error:  # One message that cannot be written must not stop the others.
        # The error's own text stays out of the log: it may hold what the customer is called.
        log.error("message %s: %s in %s", message.pk, type(error).__name__, _place(error))
        outcome = outcome_of(Result.RETRY, error)
    else:
        outcome = channels[message.channel].send(outgoing)
    state = record(message, outcome, at=clock())
    if outcome.result is not Result.SENT:
        log.warning("message %s: %s, %s", message.pk, state, outcome.detail)
    return state


def _begin(message: Message, *, at: datetime) -> bool:
    """
    Commit that the provider is about to be asked. False when the message is no longer ours: the
    customer refused meanwhile, or the lease would not outlast the call; then it goes back.
    """
    mine = Message.objects.filter(
        pk=message.pk, state=State.CLAIMED, leased_until=message.leased_until
    )
    if message.leased_until is None or at + LONGEST_CALL > message.leased_until:
        mine.update(state=State.QUEUED, leased_until=None)
        return False
    message.attempts += 1
    return bool(mine.update(state=State.CALLING, attempts=message.attempts, attempted_at=at))


def _after(message: Message, outcome: Outcome, *, at: datetime) -> dict[str, object]:
    match outcome.result:
        case Result.SENT:
            return {"state": State.SENT, "sent_at": at, "detail": ""}
        case Result.UNKNOWN:
            return {"state": State.UNKNOWN, "detail": outcome.detail}
        case Result.UNREACHABLE:
            return _later(outcome, at + UNREACHABLE_PAUSE)
        case Result.RETRY if message.attempts < MAX_ATTEMPTS:
            return _later(outcome, at + back_off(message.attempts))
    return {"state": State.FAILED, "detail": outcome.detail}


def _later(outcome: Outcome, when: datetime) -> dict[str, object]:
    return {"state": State.QUEUED, "send_after": when, "detail": outcome.detail}


def back_off(attempts: int) -> timedelta:
    """
    How long to wait after so many attempts: together over four hours.

    >>> [int(back_off(attempts).total_seconds() // 60) for attempts in (1, 2, 3, 4)]
    [1, 6, 36, 216]
    """
    return timedelta(minutes=6 ** (attempts - 1))


def _unlocked(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Those of `messages` that no other transaction holds, locked: two sweeps never wait in a ring."""
    free = messages.select_for_update(skip_locked=True, no_key=True)
    return Message.objects.filter(pk__in=free.order_by().values("pk"))


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
