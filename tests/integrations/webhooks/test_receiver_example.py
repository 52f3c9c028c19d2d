"""The lines of docs/receiver.py against the product."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from loyalty.integrations.models import Delivery
from loyalty.integrations.webhooks.replaying import send_again
from loyalty.integrations.webhooks.sending import drain
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.webhooks import sweep, webhook

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "receiver.py"
PATIENCE = 10  # Seconds.

pytestmark = pytest.mark.django_db


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def secret(port: int) -> str:
    return webhook("points.changed", url=f"http://127.0.0.1:{port}/", at=timezone.now()).secret


@pytest.fixture
def running(port: int, secret: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, EXAMPLE, str(port), secret]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:
        patience = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert time.monotonic() < patience
                time.sleep(0.02)
        yield process
        process.kill()


def test_it_believes_us_once_and_nobody_else(running, port: int):
    give_points(CustomerFactory(), 5)
    sweep(timezone.now())
    assert drain(clock=timezone.now) == {"delivered": 1}
    send_again(delivery_ids=[Delivery.objects.get().pk], at=timezone.now())
    assert drain(clock=timezone.now) == {"delivered": 1}

    forged = urllib.request.Request(f"http://127.0.0.1:{port}/", b'{"type": "forged"}')
    for name, value in (
        ("id", "evt_1"),
        ("timestamp", str(int(time.time()))),
        ("signature", "v1,A"),
    ):
        forged.add_header(f"webhook-{name}", value)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(forged, timeout=PATIENCE)

    running.kill()
    heard = running.stdout.read().splitlines()
    assert [line.split(" ")[0] for line in heard] == ["points.changed"]
    assert '"points":5' in heard[0]
