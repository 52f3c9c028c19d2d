"""Deliveries: signed, at least once under one id, ever later after failures, and given up in the end."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from loyalty.integrations.models import Delivery, Endpoint
from loyalty.integrations.webhooks import endpoints, sending
from loyalty.integrations.webhooks.calling import Reply
from loyalty.integrations.webhooks.sending import claim, drain, record
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.sending import always, happenings, send, the_only
from tests.factories.webhooks import deliveries, sweep, webhook
from tests.support.receiver import Answer, Receiver, is_genuine, receiving

pytestmark = pytest.mark.django_db

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
NOW = NOON.timestamp()


def test_what_happened_is_sent_once_in_order_and_signed(hook, receiver: Receiver):
    happenings(3)

    assert send() == {"delivered": 3}
    assert send() == {}

    # The first of the customer's events, their enrolment, was not asked for.
    assert receiver.told() == [("points.changed", place) for place in (2, 3, 4)]
    assert all(is_genuine(one, hook.secret, now=NOW) for one in receiver.received)
    assert len({one.message_id for one in receiver.received}) == 3
    assert receiver.received[0].document == {
        "type": "points.changed",
        "timestamp": "2026-11-22T05:00:00Z",
        "data": receiver.received[0].document["data"],
    }
    assert set(Delivery.objects.values_list("state", "attempts", "status", "delivered_at")) == {
        ("delivered", 1, 204, NOON)
    }


def test_forged_replayed_and_changed_messages_are_told_from_genuine_ones(hook, receiver: Receiver):
    happenings(1)
    send()
    (received,) = receiver.received

    def changed(**parts: Any):
        headers = received.headers | parts.pop("headers", {})
        return type(received)(received.path, headers, parts.get("body", received.body))

    assert is_genuine(received, hook.secret, now=NOW)
    for forged in (
        changed(body=received.body.replace(b'"points":1', b'"points":9')),
        changed(body=received.body + b" "),
        changed(headers={"webhook-id": "evt_0"}),
        changed(headers={"webhook-timestamp": str(int(NOW) + 1)}),
        changed(headers={"webhook-signature": "v1,AAAA"}),
    ):
        assert not is_genuine(forged, hook.secret, now=NOW)
    assert not is_genuine(received, hook.secret, now=NOW + 301)
    assert not is_genuine(received, webhook().secret, now=NOW)


def test_a_new_secret_signs_beside_the_old_one_for_a_day(hook, receiver: Receiver):
    new = endpoints.renew_secret(endpoint=hook.endpoint, at=NOON)
    happenings(1)
    send()
    give_points(CustomerFactory(), 1)
    sweep(NOON + DAY)
    send(NOON + DAY)

    first, second = receiver.received
    both = [is_genuine(first, secret, now=NOW) for secret in (hook.secret, new)]
    after = [is_genuine(second, one, now=NOW + 86_400) for one in (hook.secret, new)]
    assert (both, after) == ([True, True], [False, True])


def test_the_secret_stands_nowhere_in_the_database(hook):
    with connection.cursor() as cursor:
        cursor.execute("SELECT e::text, s::text FROM integrations_endpoint e"
                       " JOIN integrations_endpointsecret s ON s.endpoint_id = e.id")  # fmt: skip
        stored = repr(cursor.fetchall())

    assert hook.secret.startswith("whsec_")
    assert hook.secret.removeprefix("whsec_") not in stored


# Failures -----------------------------------------------------------------


def test_failures_are_tried_again_ever_later_for_three_days_and_then_given_up(
    hook, receiver: Receiver
):
    receiver.answer = lambda _received: Answer(500, body="Ôi".encode())
    happenings(1)
    at, waits = NOON, []
    for _attempt in range(9):
        assert send(at) == {"waiting": 1}
        waits.append(the_only().due_at - at)
        assert send(the_only().due_at - SECOND) == {}
        at = the_only().due_at

    assert send(at) == {"dead": 1}
    assert send(at + DAY) == {}

    usual = (
        5 * SECOND,
        5 * MINUTE,
        30 * MINUTE,
        *(hours * HOUR for hours in (2, 5, 10, 14, 20, 24)),
    )
    assert all(least <= wait <= least * 1.2 for least, wait in zip(usual, waits, strict=True))
    assert len({one.message_id for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1
    assert len(receiver.received) == 10
    dead = the_only()
    assert (dead.state, dead.attempts, dead.status, dead.answer) == ("dead", 10, 500, "Ôi")


@pytest.mark.parametrize("status", [300, 400, 401, 404, 408, 422, 429, 500, 502, 503, 504])
def test_whatever_is_not_2xx_is_tried_again(hook, receiver: Receiver, status: int):
    receiver.answer = always(status)
    happenings(1)

    assert send() == {"waiting": 1}
    assert (the_only().status, the_only().leased_until) == (status, None)


@pytest.mark.parametrize(
    ("said", "wait"), [("600", 600 * SECOND), ("1", None), ("999999999", DAY), ("soon", None)]
)
def test_the_receiver_may_ask_for_more_time_but_not_for_ever(
    hook, receiver: Receiver, said: str, wait
):
    receiver.answer = always(429, Retry_After=said)
    happenings(1)

    send()

    usual = sending.wait_after(1, seed=the_only().pk)
    assert the_only().due_at == NOON + (wait or usual)


def test_gone_stops_the_endpoint_at_once(hook, receiver: Receiver):
    receiver.answer = always(410)
    happenings(2)

    assert send() == {"dead": 1}
    assert send(NOON + DAY) == {}

    hook.endpoint.refresh_from_db()
    assert hook.endpoint.state == Endpoint.State.GONE
    assert deliveries(hook.endpoint) == [("dead", 1), ("waiting", 0)]


def test_an_endpoint_that_only_fails_for_five_days_is_stopped(hook, receiver: Receiver):
    receiver.answer = always(503)
    for day in range(6):
        give_points(CustomerFactory(), 1)
        sweep(NOON + day * DAY)
        send(NOON + day * DAY)
        hook.endpoint.refresh_from_db()
        assert hook.endpoint.failing_since == NOON
        assert hook.endpoint.state == ("failing" if day == 5 else "on")
    receiver.received.clear()
    receiver.answer = always(204)
    assert send(NOON + 6 * DAY) == {}

    endpoints.switch_on(endpoint=hook.endpoint)
    assert send(NOON + 6 * DAY).total() == 6
    assert len(receiver.received) == 6


def test_one_success_and_the_five_days_begin_anew(hook, receiver: Receiver):
    receiver.answer = always(503)
    happenings(1)
    send()
    receiver.answer = always(200)
    send(NOON + 4 * DAY)

    hook.endpoint.refresh_from_db()
    assert (hook.endpoint.failing_since, hook.endpoint.state) == (None, "on")


def test_an_endpoint_that_fails_keeps_nobody_else_waiting(receiver: Receiver, monkeypatch):
    with receiving() as broken:
        broken.answer = always(500)
        bad = webhook("points.changed", url=broken.url)
        good = webhook("points.changed", url=receiver.url)
        happenings(5)

        assert send() == {"waiting": 1, "delivered": 5}

    assert len(broken.received) == 1
    assert deliveries(bad.endpoint) == [("waiting", 1), *[("waiting", 0)] * 4]
    assert deliveries(good.endpoint) == [("delivered", 1)] * 5


class Hours:
    """A clock that calls make go on."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self):
        return self.now


def test_endpoints_that_hang_starve_neither_the_others_nor_each_other(monkeypatch):
    clock = Hours()

    def post(target, **_sent: Any) -> Reply:
        hangs = target.host != "well.example.com"
        clock.now += 5 * SECOND if hangs else SECOND / 100
        return Reply(problem="too-slow") if hangs else Reply(status=200)

    monkeypatch.setattr(sending, "post", post)
    hanging = [webhook("points.changed", url=f"https://h{n}.example.com/") for n in range(2)]
    well = webhook("points.changed", url="https://well.example.com/")
    happenings(12)

    for _run in range(3):
        drain(clock=clock)
        clock.now += 15 * SECOND
    assert deliveries(well.endpoint) == [("delivered", 1)] * 12

    for _run in range(24):
        began = clock.now
        drain(clock=clock)
        assert clock.now - began <= 10 * SECOND
        clock.now += 15 * SECOND
    for made in hanging:
        assert made.endpoint.deliveries.filter(attempts__gt=0).count() > 1


def test_a_limit(hook, receiver: Receiver):
    happenings(5)

    assert send(limit=2) == {"delivered": 2}
    assert send(limit=9) == {"delivered": 3}


@pytest.mark.parametrize("waiting", [1, 3])
def test_a_delivery_takes_nine_statements(
    hook, receiver: Receiver, waiting: int, django_assert_num_queries
):
    happenings(waiting)

    # One for the endpoints, two to find nothing more, and nine each: claim 4, secrets 1, outcome 4.
    with django_assert_num_queries(4 + 9 * waiting):
        assert send() == {"delivered": waiting}


def test_an_address_the_settings_no_longer_allow_is_not_called(hook, receiver: Receiver, settings):
    happenings(1)
    settings.WEBHOOKS_ALLOW_HTTP_LOOPBACK = False

    assert send() == {"waiting": 1}

    assert (the_only().problem, receiver.received) == ("not-public", [])


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_inside_a_transaction(hook):
    happenings(1)

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        send()


# Workers ------------------------------------------------------------------


def test_of_two_workers_one_has_a_delivery_until_its_lease_is_over(hook):
    happenings(1)

    first = claim(hook.endpoint, at=NOON)
    assert claim(hook.endpoint, at=NOON + 59 * SECOND) is None
    second = claim(hook.endpoint, at=NOON + 61 * SECOND)
    assert first is not None
    assert second is not None
    record(second, Reply(status=200), at=NOON + 62 * SECOND)
    record(first, Reply(problem="too-slow"), at=NOON + 63 * SECOND)

    assert (the_only().state, the_only().attempts) == ("delivered", 2)
