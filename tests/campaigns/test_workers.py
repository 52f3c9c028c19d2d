"""Workers that die, race or are slow, and what they leave in the log."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection, transaction

from campaigns import outbox
from campaigns.channels.outcomes import Outcome, Result
from campaigns.gate import Rule
from campaigns.mailbox import read_mailbox
from campaigns.models import Channel, Message
from campaigns.outbox import claim_due, drain, recover
from customers.signin import code_of
from tests.campaigns.sending import Gateway, send, states
from tests.factories.campaigns import (
    MessageFactory,
    agreeing_customer,
    due_messages,
    sign_in_message,
)
from tests.factories.clock import NOON
from tests.support.mail import MailServer

State = Message.State
LEASE_OVER = NOON + timedelta(minutes=5, seconds=1)


def hold(message: Message, state: str, *, attempts: int = 1) -> None:
    """As a worker leaves a message that it was about to send, or sending, when it died."""
    Message.objects.filter(pk=message.pk).update(
        state=state, leased_until=NOON + timedelta(minutes=5), attempts=attempts
    )


@pytest.mark.parametrize(
    ("channel", "held", "attempts", "after"),
    [
        (Channel.EMAIL, State.CLAIMED, 0, State.QUEUED),
        (Channel.EMAIL, State.CALLING, 1, State.QUEUED),
        (Channel.EMAIL, State.CALLING, 5, State.FAILED),
        (Channel.SMS, State.CLAIMED, 0, State.QUEUED),  # Its gateway was never asked.
        (Channel.SMS, State.CALLING, 1, State.UNKNOWN),
    ],
)
def test_a_lease_that_ran_out(channel: str, held: str, attempts: int, after: str) -> None:
    (message,) = due_messages(1, channel=channel)
    hold(message, held, attempts=attempts)

    recover(at=NOON + timedelta(minutes=5))
    message.refresh_from_db()
    assert message.state == held

    recover(at=LEASE_OVER)
    message.refresh_from_db()
    assert (message.state, message.detail) == (after, Rule.WORKER_LOST)


def test_a_refusal_between_claim_and_call_is_heard() -> None:
    (message,) = due_messages(1)
    (ruling,) = claim_due(at=NOON, limit=1)
    Message.objects.filter(pk=message.pk).update(state=State.BLOCKED, leased_until=None)

    assert outbox._begin(ruling.message, at=NOON) is False


def test_a_slow_worker_gives_back_what_its_lease_would_not_outlast() -> None:
    due_messages(3)
    ticks = iter(
        # start, loop, claim, paper, begin, record, begin: by then too late for the second.
        [NOON] * 6 + [NOON + timedelta(minutes=minutes) for minutes in (3, 3, 4)]
    )

    assert drain(clock=lambda: next(ticks)) == {"sent": 1, "left": 2}
    assert states() == {State.SENT: 1, State.QUEUED: 2}


def test_the_outcome_of_an_attempt_thought_lost_cannot_overrule_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (message,) = due_messages(1)
    (slow,) = claim_due(at=NOON, limit=1)
    outbox._begin(slow.message, at=NOON)
    assert send(LEASE_OVER) == {"sent": 1}

    outbox.record(slow.message, Outcome(Result.RETRY, "TimeoutError"), at=LEASE_OVER)

    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.SENT, 2)
    assert "came late" in caplog.text


def test_a_late_answer_settles_an_sms_that_was_thought_unknown() -> None:
    (message,) = due_messages(1, channel=Channel.SMS)
    (ruling,) = claim_due(at=NOON, limit=1)
    outbox._begin(ruling.message, at=NOON)
    recover(at=LEASE_OVER)

    outbox.record(ruling.message, Outcome(Result.SENT), at=LEASE_OVER)

    message.refresh_from_db()
    assert (message.state, message.sent_at) == (State.SENT, LEASE_OVER)


def in_threads(number: int, work: Callable[[], object]) -> None:
    start = threading.Barrier(number)

    def run() -> None:
        start.wait()
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_drainers_side_by_side_send_each_message_once(smtp: MailServer) -> None:
    due_messages(20)
    due_messages(10, channel=Channel.SMS)

    with mock.patch.object(outbox, "BATCH", 3):
        in_threads(4, send)
    send()  # Whatever was skipped because another held it.

    assert states() == {State.SENT: 30}
    assert list(smtp.ids().values()) == [1] * 20
    assert len(read_mailbox(99)) == 10


@pytest.mark.django_db(transaction=True)
def test_drainers_side_by_side_keep_the_cap_together(smtp: MailServer) -> None:
    customer = agreeing_customer()
    for _ in range(8):
        MessageFactory(customer=customer)

    with mock.patch.object(outbox, "BATCH", 1):
        in_threads(4, send)
    send()

    assert states() == {State.SENT: 3, State.BLOCKED: 5}
    assert len(smtp.letters) == 3


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_inside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        send()


def test_no_log_ever_holds_what_a_customer_is_called(
    smtp: MailServer, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = agreeing_customer(
        Channel.EMAIL,
        Channel.SMS,
        name="Canary Chim Hoàng Yến",
        email="canary@example.com",
        phone="+84987654321",
    )
    smtp.refusals["canary@example.com"] = "550 <canary@example.com> unknown"
    gateway.answers = [TimeoutError("+84987654321"), TimeoutError("+84987654321")]
    MessageFactory(customer=canary)
    MessageFactory(customer=canary, channel=Channel.SMS)
    code = sign_in_message(canary, channel=Channel.SMS)

    send()

    assert states() == {State.FAILED: 1, State.UNKNOWN: 2}
    ours = [record for record in caplog.records if record.name != "mail.log"]  # The test's server.
    logged = "\n".join([f"{record.getMessage()} {record.exc_text}" for record in ours])
    logged += "".join(Message.objects.values_list("detail", flat=True))
    secrets = ("canary@", "Canary", "Hoàng", "987654321", code_of(code.challenge))
    assert [secret for secret in secrets if secret in logged] == []
