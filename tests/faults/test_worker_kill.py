"""
Senders killed with -9 in the middle of their work: nothing is lost, an e-mail may come twice (under
one Message-ID, at most once more a kill), an SMS whose call was under way waits for a person.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from campaigns.models import Channel, Message
from tests.factories.campaigns import BirthdayCustomerFactory, due_messages, sign_in_message
from tests.factories.clock import NOON
from tests.factories.shop import shop_with_programme
from tests.faults.programs import commanding
from tests.support.mail import HOST, MailServer, mail_server
from tests.support.rounds import rounds

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30  # Seconds for a process to do what it is waited for.

WORKER = (
    *("-m", "celery", "-A", "loyalty.celery", "worker", "--concurrency=2", "--loglevel=WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)

pytestmark = pytest.mark.django_db(transaction=True)
State = Message.State


@pytest.fixture(autouse=True)
def _shop(transactional_db: None) -> None:
    shop_with_programme()


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as made:
        yield made


def environment(server: MailServer, mailbox: Path) -> dict[str, str]:
    """The product's own settings on the test's database, mail server and mailbox."""
    address, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    broker, _, _number = os.environ["REDIS_URL"].rpartition("/")
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
        "DATABASE_URL": f"{address}/{settings.DATABASES['default']['NAME']}",
        "REDIS_URL": f"{broker}/7",  # Apart from the queue that other tests wake.
        "EMAIL_URL": f"smtp://{HOST}:{server.port}",
        "SMS_BACKEND": "file",
        "MAILBOX_DIR": str(mailbox),
    }


@contextmanager
def process(*command: str, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process with all its children, none of which outlives the block."""
    started = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        kill(started)


def kill(started: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.communicate()


def wait_until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


def send(*, at: str, env: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "send_messages", f"--at={at}"],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )


def test_a_sender_killed_while_the_mail_server_has_a_letter(
    server: MailServer, tmp_path: Path
) -> None:
    number, kills = rounds(usual=50, soak=200), 20
    due_messages(number)
    env, at = environment(server, tmp_path), NOON
    with commanding(env) as begin:
        for _ in range(kills):
            server.stalled.clear()
            server.stall_at = len(server.letters) + 3
            sender = begin("send_messages", f"--at={at.isoformat()}")
            assert server.stalled.wait(PATIENCE)
            os.kill(sender, signal.SIGKILL)
            assert states()[State.CALLING] == 1
            at += timedelta(minutes=5, seconds=1)  # The lease of the lost one is over.
    server.stall_at = 0

    send(at=at.isoformat(), env=env)

    assert states() == {State.SENT: number}
    accepted = server.ids()
    assert len(accepted) == number
    assert accepted.total() - number <= kills


def test_a_sender_killed_while_a_gateway_has_a_text(server: MailServer, tmp_path: Path) -> None:
    due_messages(4, channel=Channel.SMS)
    env = environment(server, tmp_path)
    stalling = ("-m", "tests.faults.stalling_sender", "2", f"--at={NOON.isoformat()}")
    with process(*stalling, env=env):
        wait_until(lambda: len(list(tmp_path.glob("sms-*"))) == 2, "the gateway has two texts")
    assert states() == {State.SENT: 1, State.CALLING: 1, State.CLAIMED: 2}

    later = (NOON + timedelta(minutes=5, seconds=1)).isoformat()
    for _ in range(2):
        send(at=later, env=env)

    # The gateway had it, but nobody noted so: a person decides. The two it was not asked for went.
    assert states() == {State.SENT: 3, State.UNKNOWN: 1}
    unknown = Message.objects.get(state=State.UNKNOWN)
    assert (unknown.detail, unknown.attempts) == ("worker_lost", 1)
    references = Counter(file.stem.partition("-message-")[2] for file in tmp_path.glob("sms-*"))
    assert references == {str(message.pk): 1 for message in Message.objects.all()}


def test_a_worker_killed_with_its_children(server: MailServer, tmp_path: Path) -> None:
    number = 8
    now = timezone.now()
    for _ in range(number):  # Service messages: the worker lives in real time, perhaps at night.
        sign_in_message(BirthdayCustomerFactory(), channel=Channel.EMAIL, at=now)
    Message.objects.update(not_after=now + timedelta(hours=1))
    env = environment(server, tmp_path)
    server.stall_at = 3
    with process(*WORKER, env=env):
        wake(env)
        assert server.stalled.wait(PATIENCE)
    assert states() == {State.SENT: 2, State.CALLING: 1, State.CLAIMED: number - 3}
    # Five minutes pass.
    Message.objects.filter(leased_until__isnull=False).update(
        leased_until=F("leased_until") - timedelta(minutes=6)
    )

    with process(*WORKER, env=env):
        wake(env)
        wait_until(lambda: states() == {State.SENT: number}, "the rest is sent")

    accepted = server.ids()
    assert (len(accepted), accepted.total()) == (number, number + 1)


def wake(env: dict[str, str]) -> None:
    with Celery(broker=env["REDIS_URL"], set_as_current=False) as broker:
        broker.send_task("campaigns.send_messages")
