import json
from io import StringIO
from types import SimpleNamespace

import pytest
from celery import Celery
from django.core import mail
from django.core.management import call_command
from pytest_django import Settings

from campaigns import tasks, wakeup
from campaigns.defaults import ensure_campaigns
from campaigns.models import Message
from loyalty import commands
from tests.factories.campaigns import agreeing_customer, due_messages
from tests.factories.clock import NOON


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine's clock says, no test acts ahead of its time."""
    monkeypatch.setattr(commands, "timezone", SimpleNamespace(now=lambda: NOON))


def run(*command: str) -> str:
    output = StringIO()
    call_command(*command, stdout=output)
    return output.getvalue()


def test_a_birthday_from_beat_to_letter() -> None:
    ensure_campaigns()
    agreeing_customer("email", "sms")
    at = f"--at={NOON.isoformat()}"

    assert run("run_journeys", at) == "messages enqueued: 2\n"
    assert run("run_journeys", at) == "messages enqueued: 0\n"
    assert run("send_messages", at) == "2 sent\n"
    assert run("send_messages", at) == "nothing was due\n"

    assert len(mail.outbox) == 1
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_one_json_document_each() -> None:
    at = f"--at={NOON.isoformat()}"
    assert json.loads(run("run_journeys", at, "--json")) == {"enqueued": 0}
    due_messages(2)

    assert json.loads(run("send_messages", at, "--limit=1", "--json")) == {"sent": 1}
    assert json.loads(run("send_messages", at, "--json")) == {"sent": 1}
    assert json.loads(run("send_messages", at, "--json")) == {}


def test_the_tasks_have_the_names_that_beat_calls(settings: Settings) -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert {tasks.enqueue_journeys.name, tasks.send_messages.name} <= scheduled
    assert tasks.enqueue_journeys() == 0
    assert tasks.send_messages() == {}


def test_without_a_broker_a_request_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Celery(broker="redis://:secret@127.0.0.1:9/0", set_as_current=False)
    monkeypatch.setattr(wakeup, "current_app", nowhere)

    wakeup.wake_worker()

    assert caplog.messages == ["no worker was woken: ConnectionError"]


def test_waking_puts_one_call_into_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Celery(broker="memory://", set_as_current=False)
    monkeypatch.setattr(wakeup, "current_app", queue)

    wakeup.wake_worker()

    with queue.connection_for_read() as connection:
        call = connection.SimpleQueue("celery").get(block=False)
    assert call.headers["task"] == "campaigns.send_messages"
    assert call.payload[:2] == [[], {}]
