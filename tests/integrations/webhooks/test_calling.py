"""One call: pinned to the address that was checked, five seconds in all, nothing followed."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loyalty.integrations.webhooks import addresses, calling
from loyalty.integrations.webhooks.addresses import Target
from loyalty.integrations.webhooks.calling import Reply, post
from tests.support.receiver import HOST, Answer, Receiver, receiving

NAME = "receiver.example.com"


@pytest.fixture(autouse=True)
def shop(settings):
    """Nothing here asks the database."""
    settings.WEBHOOKS_ALLOW_HTTP_LOOPBACK = True


def plain(port: int, path: str = "/hook?a=b") -> Target:
    return Target(HOST, port, path, encrypted=False)


def call(target: Target, seconds: float = 5) -> Reply:
    return post(target, headers={"webhook-id": "evt_1"}, body=b'{"a": 1}', seconds=seconds)


@contextmanager
def raw_server(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that says to each who connects what `speak` says."""
    with socket.create_server((HOST, 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    line, _address = listening.accept()
                except OSError:
                    return
                with line:
                    try:
                        line.recv(65_536)
                        speak(line)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_the_body_arrives_with_its_headers(receiver: Receiver):
    receiver.answer = lambda _received: Answer(202, body=b"thanks")

    assert call(plain(receiver.port)) == Reply(status=202, text="thanks")

    (received,) = receiver.received
    assert (received.path, received.body, received.message_id) == (
        "/hook?a=b",
        b'{"a": 1}',
        "evt_1",
    )
    assert received.headers["host"] == f"{HOST}:{receiver.port}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver, status: int):
    receiver.answer = lambda _received: Answer(status, (("Location", "/elsewhere"),))

    reply = call(plain(receiver.port))

    assert (reply.status, reply.accepted, len(receiver.received)) == (status, False, 1)


def test_of_a_long_answer_no_more_is_read_than_is_kept(receiver: Receiver):
    receiver.answer = lambda _received: Answer(500, body=b"\x00\xff" + b"x" * 5_000_000)

    reply = call(plain(receiver.port))

    assert reply == Reply(status=500, text="\N{REPLACEMENT CHARACTER}" + "x" * 998)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120), ("Wed, 01 Jan 2020 00:00:00 GMT", 0), ("soon", None), ("9" * 50, 999_999_999)],
)
def test_when_to_come_again(receiver: Receiver, said: str, seconds: int | None):
    receiver.answer = lambda _received: Answer(429, (("Retry-After", said),))

    assert call(plain(receiver.port)).retry_after == seconds


def drip(line: socket.socket) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500:
        line.sendall(bytes([letter]))
        time.sleep(0.05)


def say(text: bytes) -> Callable[[socket.socket], None]:
    return lambda line: line.sendall(text)


@pytest.mark.parametrize(
    ("speak", "problem"),
    [
        (lambda _line: time.sleep(5), "too-slow"),
        (drip, "too-slow"),
        (
            lambda line: line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 9) or time.sleep(5),
            "too-slow",
        ),
        (say(b"220 smtp.example.com ESMTP\r\n"), "not-http"),
        (say(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n"), "not-http"),
        (say(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), "not-http"),
        (say(b""), "not-http"),
    ],
)
def test_servers_that_do_not_answer_as_one_should(speak, problem):
    with raw_server(speak) as port:
        began = time.monotonic()
        reply = call(plain(port), seconds=0.4)

    assert (reply.problem, reply.status) == (problem, None)
    assert time.monotonic() - began < 3


def test_an_answer_counts_though_its_text_never_ends():
    with raw_server(
        lambda line: (
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx") or time.sleep(5)
        )
    ) as port:
        assert call(plain(port), seconds=0.3) == Reply(status=200)


def test_nobody_there():
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]

    assert call(plain(port)).problem == "unreachable"


def test_a_name_nobody_knows_and_a_name_server_that_hangs(monkeypatch):
    def unknown(*_args):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", unknown)
    assert call(Target(NAME, 443, "/", encrypted=True)).problem == "no-name"

    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_args: time.sleep(0.5))
    assert call(Target(NAME, 443, "/", encrypted=True), seconds=0.1).problem == "too-slow"


@pytest.mark.parametrize("inner", ["127.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "10.0.0.1"])
def test_a_name_that_leads_inside_is_not_called(monkeypatch, receiver: Receiver, inner: str):
    family = socket.AF_INET6 if ":" in inner else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (inner, receiver.port))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_args: found)

    reply = call(Target(NAME, receiver.port, "/", encrypted=True))

    assert reply == Reply(problem="not-public")
    assert receiver.received == []


def test_a_name_is_looked_up_once_so_that_a_second_look_cannot_lead_elsewhere(
    monkeypatch, receiver: Receiver
):
    """Rebinding: the first answer is harmless, every later one is not."""
    looked: list[object] = []
    connected: list[str] = []

    def look_up(host, *_args):
        looked.append(host)
        address = "93.184.216.34" if len(looked) == 1 else HOST
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]

    def connect(address, timeout):
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)
    monkeypatch.setattr(calling.socket, "create_connection", connect)

    assert call(Target(NAME, 443, "/", encrypted=True)).problem == "unreachable"
    assert (looked, connected) == ([NAME], ["93.184.216.34"])
    assert receiver.received == []


# HTTPS --------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A key and a certificate of NAME, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    file = tmp_path_factory.mktemp("tls") / "receiver.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-keyout", file, "-out", file),
            *("-addext", f"subjectAltName=DNS:{NAME}"),
        ],
        check=True,
        capture_output=True,
    )
    key = file.read_text()
    if "CERTIFICATE" not in key or "PRIVATE" not in key:  # Some versions keep only the last.
        pytest.skip("this openssl writes no common file")
    return file


@pytest.fixture
def encrypted(certificate: Path, monkeypatch) -> Iterator[Receiver]:
    """An HTTPS receiver whose name means this machine, which passes for a public one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def look_up(_host, port, *_args):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (HOST, port))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)
    monkeypatch.setattr(addresses, "is_public", lambda address: address == HOST)
    with receiving(context) as made:
        yield made


def test_over_https_to_the_pinned_address_by_the_name_of_the_host(
    encrypted: Receiver, certificate: Path, monkeypatch
):
    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(calling, "trust", lambda: trusting)

    reply = call(Target(NAME, encrypted.port, "/hook", encrypted=True))

    assert reply == Reply(status=204)
    assert encrypted.received[0].headers["host"] == f"{NAME}:{encrypted.port}"


def test_a_certificate_of_another_name_or_of_nobody_we_trust_is_refused(
    encrypted: Receiver, certificate: Path, monkeypatch
):
    assert call(Target(NAME, encrypted.port, "/", encrypted=True)).problem == "not-trusted"

    trusting = ssl.create_default_context(cafile=certificate)
    monkeypatch.setattr(calling, "trust", lambda: trusting)
    other = Target("other.example.com", encrypted.port, "/", encrypted=True)
    assert call(other).problem == "not-trusted"
    assert encrypted.received == []
