"""
One call of one endpoint: five seconds for all of it, no redirects, no proxy, and no more read of
the answer than is kept.
"""

import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPException, HTTPResponse

from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.integrations.webhooks.addresses import NotPublic, Target, resolve

SECONDS = 5.0  # For the name, the connection, the request and the answer together.
MOST_READ = 1_000  # Bytes of an answer.


class Problem(models.TextChoices):
    """Why there was no answer."""

    NO_NAME = "no-name", _("The host name is not known")
    NOT_PUBLIC = "not-public", _("The host name leads into a private network")
    UNREACHABLE = "unreachable", _("No connection")
    NOT_TRUSTED = "not-trusted", _("The certificate is not valid")
    TOO_SLOW = "too-slow", _("No answer within five seconds")
    NOT_HTTP = "not-http", _("The answer was not HTTP")


@dataclass(frozen=True)
class Reply:
    """What the endpoint said: a status and the beginning of a text, or why there is neither."""

    status: int | None = None
    text: str = ""
    problem: str = ""
    retry_after: int | None = None  # Seconds.

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds. Raises TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Reader(io.RawIOBase):
    """What comes back on a line, until the deadline, however slowly it drips."""

    def __init__(self, line: socket.socket, deadline: _Deadline) -> None:
        self._line, self._deadline = line, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # Narrower is enough.
        self._line.settimeout(self._deadline.left())
        return self._line.recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What HTTPResponse asks of a socket."""
        return io.BufferedReader(self)


def post(
    target: Target, *, headers: Mapping[str, str], body: bytes, seconds: float = SECONDS
) -> Reply:
    """Send the body and return what came of it; never raises for what the other side does."""
    deadline = _Deadline(seconds)
    try:
        addresses = resolve(target, patience=deadline.left())
        with _connect(target, addresses, deadline) as line:
            line.settimeout(deadline.left())
            line.sendall(_request(target, headers, body))
            return _answer(line, deadline)
    except (OSError, HTTPException) as error:
        return Reply(problem=_problem(error))


def _connect(target: Target, addresses: list[str], deadline: _Deadline) -> socket.socket:
    """A line to the first address that takes one: to it, and not to what the name means by now."""
    for address in addresses[:-1]:
        try:
            return _line(target, address, deadline, patience=deadline.left() / 2)
        except OSError:  # Often a machine without IPv6.
            continue
    return _line(target, addresses[-1], deadline, patience=deadline.left())


def _line(target: Target, address: str, deadline: _Deadline, *, patience: float) -> socket.socket:
    line = socket.create_connection((address, target.port), timeout=patience)
    if not target.encrypted:
        return line
    try:
        line.settimeout(deadline.left())
        return trust().wrap_socket(line, server_hostname=target.host)
    except BaseException:
        line.close()
        raise


@cache
def trust() -> ssl.SSLContext:
    """Whose certificates are believed: the system's, and names must match."""
    return ssl.create_default_context()


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    fields = {
        "Host": target.header,
        "User-Agent": "Loyalty-Webhooks/1",
        "Accept": "*/*",
        "Connection": "close",
        "Content-Length": str(len(body)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def _answer(line: socket.socket, deadline: _Deadline) -> Reply:
    response = HTTPResponse(_Reader(line, deadline), method="POST")  # type: ignore[arg-type]
    response.begin()
    return Reply(
        status=response.status,
        text=_beginning(response),
        retry_after=_seconds(response.headers.get("Retry-After")),
    )


def _beginning(response: HTTPResponse) -> str:
    try:
        read = response.read(MOST_READ)
    except (OSError, HTTPException):  # It has said yes or no; the rest is for people.
        return ""
    return read.decode("utf-8", "replace").replace("\x00", "")


def _seconds(text: str | None) -> int | None:
    """
    What `Retry-After` means, in seconds or as a date.

    >>> _seconds("120"), _seconds("soon"), _seconds(None), _seconds("-1")
    (120, None, None, None)
    """
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, int((moment - datetime.now(UTC)).total_seconds()))


def _problem(error: BaseException) -> str:
    match error:
        case NotPublic():
            return Problem.NOT_PUBLIC
        case TimeoutError():
            return Problem.TOO_SLOW
        case socket.gaierror():
            return Problem.NO_NAME
        case ssl.SSLError():
            return Problem.NOT_TRUSTED
        case HTTPException():
            return Problem.NOT_HTTP
    return Problem.UNREACHABLE
