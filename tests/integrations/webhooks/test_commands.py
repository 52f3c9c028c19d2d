"""The commands and the task that a shop's own server runs."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from loyalty.celery import app
from loyalty.integrations.models import Endpoint, EventType
from loyalty.integrations.tasks import forget_events, send_webhooks
from loyalty.integrations.webhooks.endpoints import newest_secret
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.webhooks import NOWHERE, webhook
from tests.support.receiver import Receiver, is_genuine

pytestmark = pytest.mark.django_db


def run(*command: str) -> tuple[str, str]:
    output, remarks = StringIO(), StringIO()
    call_command(*command, stdout=output, stderr=remarks)
    return output.getvalue().strip(), remarks.getvalue().strip()


def test_a_webhook_from_the_first_command_to_the_receiver(receiver: Receiver):
    secret, remark = run("create_webhook", f"--url={receiver.url}", "--events=points.changed")
    give_points(CustomerFactory(), 5, at=timezone.now())

    said, _remark = run("send_webhooks")

    endpoint = Endpoint.objects.get()
    assert secret == newest_secret(endpoint)
    assert remark == f"Webhook {endpoint.pk}. Keep this secret now: it is shown once."
    assert said == "2 new events; 1 delivered"
    assert is_genuine(receiver.received[0], secret, now=timezone.now().timestamp())
    assert run("send_webhooks")[0] == "0 new events; nothing was due"


def test_of_all_events_and_as_json(receiver: Receiver):
    made = json.loads(run("create_webhook", f"--url={receiver.url}", "--events=all", "--json")[0])
    CustomerFactory()

    endpoint = Endpoint.objects.get(pk=made["endpoint"])
    assert endpoint.events == EventType.values
    assert made["secret"] == newest_secret(endpoint)
    assert json.loads(run("send_webhooks", "--json", "--limit=5")[0]) == {
        "events": 1,
        "delivered": 1,
    }


def test_replaying(receiver: Receiver):
    endpoint = webhook("customer.created", url=receiver.url, at=timezone.now()).endpoint
    CustomerFactory()
    run("send_webhooks")
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    asked = ("replay_webhooks", f"--endpoint={endpoint.pk}", f"--since={since}")

    assert run(*asked)[0] == "1 events wait to be sent."
    assert json.loads(run(*asked, "--json")[0]) == {"events": 1}
    assert run("send_webhooks")[0] == "0 new events; 1 delivered"
    assert len({one.message_id for one in receiver.received}) == 1


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("create_webhook", "--url=http://x.vn", "--events=all"), "Only https"),
        (("create_webhook", f"--url={NOWHERE}", "--events=points"), "Choose from these events"),
        (("replay_webhooks", "--endpoint=9", "--since=2026-11-22T12:00+07:00"), "no webhook 9"),
    ],
)
def test_refusals_are_one_line(command, why):
    with pytest.raises(CommandError, match=why):
        run(*command)
    assert not Endpoint.objects.exists()


def test_a_worker_does_the_same(receiver: Receiver):
    webhook(url=receiver.url, at=timezone.now())
    CustomerFactory()

    assert [send_webhooks(), send_webhooks()] == [{"delivered": 1}, {}]
    assert forget_events() == 0


def test_beat_runs_both():
    tasks = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert {send_webhooks.name, forget_events.name} <= tasks
