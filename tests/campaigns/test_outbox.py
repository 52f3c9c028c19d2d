from datetime import timedelta
from unittest import mock

import pytest
from django.core import mail
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns import outbox
from campaigns.channels.outcomes import Outcome, Result
from campaigns.mailbox import read_mailbox
from campaigns.models import Channel, Message
from campaigns.outbox import claim_due
from customers.signin import code_of, start_sign_in
from tests.campaigns.sending import Gateway, send, states
from tests.factories.campaigns import (
    BirthdayCustomerFactory,
    MessageFactory,
    due_messages,
)
from tests.factories.clock import NOON
from tests.support.mail import MailServer

State = Message.State

# Sending ------------------------------------------------------------------


def test_everything_due_is_sent_once() -> None:
    due_messages(3)
    due_messages(2, channel=Channel.SMS)

    assert send() == {"sent": 5}
    assert send() == {}

    assert states() == {State.SENT: 5}
    assert set(Message.objects.values_list("sent_at", "attempts")) == {(NOON, 1)}
    assert (len(mail.outbox), len(read_mailbox(9))) == (3, 2)


def test_more_than_a_batch_and_a_limit() -> None:
    due_messages(5)
    with mock.patch.object(outbox, "BATCH", 2):
        assert send(limit=3) == {"sent": 3}
        assert send() == {"sent": 2}


def test_refusals_in_front_do_not_hide_what_may_go() -> None:
    MessageFactory.create_batch(5)
    due_messages(1)

    with mock.patch.object(outbox, "BATCH", 2):
        assert send() == {"sent": 1}

    assert states() == {State.BLOCKED: 5, State.SENT: 1}


def test_what_is_not_due_stays() -> None:
    (message,) = due_messages(1)
    Message.objects.update(send_after=NOON + timedelta(seconds=1))

    assert send() == {}
    assert send(message.send_after + timedelta(seconds=1)) == {"sent": 1}


@pytest.mark.parametrize("messages", [1, 3])
def test_claiming_takes_as_many_queries_for_one_as_for_three(
    messages: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    due_messages(messages)

    with django_assert_num_queries(13):
        assert len(claim_due(at=NOON, limit=50)) == messages


# Sign-in codes ------------------------------------------------------------


def test_the_sweep_finds_the_code_somebody_asked_for_and_sends_it_once() -> None:
    challenge = start_sign_in(identifier=BirthdayCustomerFactory().phone, at=NOON)

    send()
    send()

    message = Message.objects.get()
    assert (message.message_class, message.channel, message.state) == ("service", "sms", "sent")
    assert (message.send_after, message.not_after) == (NOON, NOON + timedelta(minutes=5))
    assert [code_of(challenge) in letter.text for letter in read_mailbox(5)] == [True]


def test_nobody_is_written_to_when_nobody_has_the_number() -> None:
    start_sign_in(identifier="0912 345 678", at=NOON)

    send()

    assert not Message.objects.exists()


def test_only_the_newest_code_is_sent_and_none_that_is_too_old() -> None:
    customer = BirthdayCustomerFactory()
    start_sign_in(identifier=customer.phone, at=NOON - timedelta(minutes=6))
    start_sign_in(identifier=customer.email, at=NOON - timedelta(minutes=6))
    start_sign_in(identifier=customer.phone, at=NOON - timedelta(seconds=2))
    newest = start_sign_in(identifier=customer.phone, at=NOON)

    send()

    assert [message.challenge for message in Message.objects.all()] == [newest]


# Failures -----------------------------------------------------------------


def test_a_letter_the_server_will_never_take_fails_at_once(smtp: MailServer) -> None:
    (message,) = due_messages(1)
    smtp.refusals[message.customer.email] = "550 No such mailbox"

    assert send() == {"failed": 1}

    message.refresh_from_db()
    assert (message.state, message.detail) == (State.FAILED, "SMTPRecipientsRefused")


def test_a_letter_refused_for_now_is_tried_five_times_ever_later(smtp: MailServer) -> None:
    (message,) = due_messages(1)
    smtp.refusals[message.customer.email] = "450 Busy"
    waits, at = [], NOON
    for _ in range(4):
        assert send(at) == {"queued": 1}
        message.refresh_from_db()
        waits.append(message.send_after - at)
        at = message.send_after

    assert waits == [timedelta(minutes=minutes) for minutes in (1, 6, 36, 216)]
    assert send(at) == {"failed": 1}
    message.refresh_from_db()
    assert (message.attempts, message.detail) == (5, "SMTPRecipientsRefused")


def test_a_bad_letter_in_the_middle_does_not_stop_the_others(smtp: MailServer) -> None:
    messages = due_messages(3)
    smtp.refusals[messages[1].customer.email] = "550 No such mailbox"

    assert send() == {"sent": 2, "failed": 1}
    assert [letter["To"] for letter in smtp.letters] == [
        messages[0].customer.email,
        messages[2].customer.email,
    ]


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_message_that_cannot_be_composed_dies_alone(
    position: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poison = due_messages(3)[position]
    compose = outbox.compose

    def breaks(ruling: outbox.Ruling, paper: outbox.Letterhead) -> object:
        if ruling.message.pk == poison.pk:
            raise KeyError(ruling.message.customer.email)
        return compose(ruling, paper)

    monkeypatch.setattr(outbox, "compose", breaks)
    at = NOON
    assert send() == {"sent": 2, "queued": 1}
    for _ in range(4):
        poison.refresh_from_db()
        at = poison.send_after
        send(at)

    poison.refresh_from_db()
    assert (poison.state, poison.attempts, poison.detail) == (State.FAILED, 5, "KeyError")
    assert len(mail.outbox) == 2
    assert poison.customer.email not in caplog.text


def test_a_connection_cut_after_the_server_took_a_letter_sends_it_again(smtp: MailServer) -> None:
    due_messages(2)
    smtp.break_off = 1

    assert send() == {"queued": 1, "sent": 1}
    assert send(NOON + timedelta(minutes=1)) == {"sent": 1}

    assert sorted(smtp.ids().values()) == [1, 2]  # The same Message-ID: mail programs show one.


def test_while_the_mail_server_is_away_nothing_counts_as_an_attempt_too_many(
    smtp: MailServer, settings: Settings
) -> None:
    due_messages(2)
    due_messages(1, channel=Channel.SMS)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9  # Nobody listens there.
    at = NOON
    assert send(at) == {"queued": 2, "sent": 1}
    for _ in range(9):
        at += timedelta(minutes=2)
        assert send(at) == {"queued": 2}
    assert set(Message.objects.filter(state=State.QUEUED).values_list("detail", flat=True)) == {
        "ConnectionRefusedError"
    }

    settings.EMAIL_PORT = port

    assert send(at + timedelta(minutes=2)) == {"sent": 2}


def test_an_sms_whose_outcome_is_not_known_is_never_sent_again_by_itself(gateway: Gateway) -> None:
    (message,) = due_messages(1, channel=Channel.SMS)
    gateway.answers = [TimeoutError("gateway said nothing")]

    assert send() == {"unknown": 1}
    for later in (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)):
        assert send(NOON + later) == {}

    message.refresh_from_db()
    assert (message.state, message.detail) == (State.UNKNOWN, "TimeoutError")
    assert gateway.references == [f"message-{message.pk}"]


def test_a_gateway_that_says_later_is_asked_again_and_one_that_says_no_is_not(
    gateway: Gateway,
) -> None:
    first, second = due_messages(2, channel=Channel.SMS)
    gateway.answers = [
        Outcome(Result.RETRY, "balance"),
        Outcome(Result.FAILED, "blocked number"),
        Outcome(Result.SENT),
    ]

    assert send() == {"queued": 1, "failed": 1}
    assert send(NOON + timedelta(minutes=1)) == {"sent": 1}

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.detail) == (State.SENT, "")
    assert (second.state, second.detail) == (State.FAILED, "blocked number")
