"""What was sent once may be sent again, or is forgotten; and nobody is named on the way."""

import logging
from datetime import timedelta

import pytest
from django.db import connection

from loyalty.errors import DomainError, InvalidInput
from loyalty.integrations.models import Delivery, Endpoint, Event
from loyalty.integrations.webhooks import endpoints, replaying
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.sending import always, happenings, send, the_only
from tests.factories.webhooks import deliveries, sweep, webhook
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


# Again --------------------------------------------------------------------


def test_everything_since_a_moment_is_sent_again_under_the_same_ids(hook, receiver: Receiver):
    happenings(2)
    give_points(CustomerFactory(), 1)
    sweep(NOON + HOUR)
    send(NOON + HOUR)
    before = [one.message_id for one in receiver.received]
    receiver.received.clear()

    assert replaying.replay(endpoint=hook.endpoint, since=NOON + MINUTE, at=NOON + 2 * HOUR) == 1
    assert send(NOON + 2 * HOUR) == {"delivered": 1}
    assert [one.message_id for one in receiver.received] == before[2:]

    assert replaying.replay(endpoint=hook.endpoint, since=NOON, at=NOON + 2 * HOUR) == 3
    assert send(NOON + 2 * HOUR) == {"delivered": 3}
    assert [one.message_id for one in receiver.received] == before[2:] + before
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_what_an_endpoint_missed_while_it_was_off_is_replayed(hook, receiver: Receiver):
    endpoints.switch_off(endpoint=hook.endpoint)
    happenings(3)
    assert send() == {}
    assert deliveries(hook.endpoint) == []

    endpoints.switch_on(endpoint=hook.endpoint)
    assert replaying.replay(endpoint=hook.endpoint, since=NOON, at=NOON) == 3

    assert send() == {"delivered": 3}


def test_one_delivery_is_sent_again(hook, receiver: Receiver):
    happenings(2)
    send()
    first = Delivery.objects.earliest("pk")

    assert replaying.send_again(delivery_ids=[first.pk], at=NOON + HOUR) == 1
    assert send(NOON + HOUR) == {"delivered": 1}

    ids = [one.message_id for one in receiver.received]
    assert ids[2] == ids[0]


def test_an_endpoint_that_was_ended_gets_nothing_ever_again(hook, receiver: Receiver):
    happenings(1)
    endpoints.end(endpoint=hook.endpoint)
    endpoints.switch_on(endpoint=hook.endpoint)
    hook.endpoint.refresh_from_db()

    with pytest.raises(DomainError, match="ended"):
        replaying.replay(endpoint=hook.endpoint, since=NOON, at=NOON)
    with pytest.raises(DomainError, match="ended"):
        endpoints.renew_secret(endpoint=hook.endpoint, at=NOON)
    assert replaying.send_again(delivery_ids=[the_only().pk], at=NOON) == 0
    assert send() == {}
    assert receiver.received == []


def test_old_events_are_forgotten_and_the_sequence_goes_on(hook):
    customer = customer_with_points(1)
    at = NOON + replaying.KEPT + SECOND
    sweep()
    assert replaying.forget_old(at=at) == 0  # The next sweep looks there again.
    assert sweep() == 0

    assert replaying.forget_old(at=NOON + replaying.KEPT) == 0
    assert replaying.forget_old(at=at) == 2  # Enrolled, and points.
    assert not Delivery.objects.exists()
    with pytest.raises(DomainError, match="45 days"):
        replaying.replay(endpoint=hook.endpoint, since=NOON, at=at)

    give_points(customer, 1, at=at, reference="later")
    assert sweep(at) == 1
    assert Event.objects.get().sequence == 3


# Endpoints ----------------------------------------------------------------


def test_endpoints_are_refused_with_the_field_named(hook):
    for url, events, field in (
        ("http://example.com/", ["points.changed"], "url"),
        ("https://example.com/", [], "events"),
        ("https://example.com/", ["points.exploded"], "events"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            webhook_of(url, events)
        assert refusal.value.field == field
    with pytest.raises(DomainError, match="already"):
        webhook(url=hook.endpoint.url)
    assert Endpoint.objects.count() == 1


def webhook_of(url, events):
    return endpoints.create_endpoint(url=url, events=events, at=NOON, by=None)


def test_no_log_and_no_row_holds_what_a_customer_is_called(hook, receiver: Receiver, caplog):
    caplog.set_level(logging.DEBUG)
    customer = CustomerFactory(name="Canary Thảo", phone="+84912000111", email="canary@example.com")
    give_points(customer, 5)
    sweep()
    receiver.answer = always(500)
    send()

    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text, d::text FROM integrations_event e"
                       " JOIN integrations_delivery d ON d.event_id = e.id")  # fmt: skip
        kept = repr(cursor.fetchall())
    sent = b"".join(one.body for one in receiver.received).decode()
    assert not any(word in kept + sent + caplog.text for word in ("Canary", "912000111", "canary@"))
