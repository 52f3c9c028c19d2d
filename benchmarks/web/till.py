"""A till's side of the wire: one kept connection, one request after the other."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random

from benchmarks.people import phone_of, token_of

BATCH = 100  # Sales in one request.


@dataclass(frozen=True)
class Ask:
    """A request as it goes over the wire, the status it should get, and how much work it is."""

    wire: bytes
    status: int = 200
    operations: int = 1


class Wire:
    """One connection, kept from request to request. Only what the measurement needs of HTTP."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)

    def ask(self, ask: Ask) -> bool:
        """Send it and read all of the answer; whether that has the status wanted."""
        self.socket.sendall(ask.wire)
        read = b""
        while b"\r\n\r\n" not in read:
            read += self._more()
        head, _blank, body = read.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(one[15:]) for one in lines if one.startswith(b"content-length:"))
        while len(body) < length:
            body += self._more()
        return int(head[9:12]) == ask.status

    def _more(self) -> bytes:
        came = self.socket.recv(65_536)
        if not came:
            raise SystemExit("The web server closed the connection.")
        return came

    def close(self) -> None:
        self.socket.close()


class Script:
    """What one till asks, request after request. Its keys take turns, as those of many tills."""

    def __init__(self, keys: list[str], *, run: str, first: int, last: int, draw: Random) -> None:
        self.keys, self.run, self.draw = keys, run, draw
        self.first, self.last = first, last
        self.count = count()

    def asks(self, job: str) -> Iterator[Ask]:
        act = getattr(self, f"_{job.replace(' ', '_')}")
        while True:
            yield act(next(self.count))

    def _hello(self, _turn: int) -> Ask:
        return _plain("/api/hello")

    def _hello_page(self, _turn: int) -> Ask:
        return _plain("/hello")

    def _sale(self, turn: int) -> Ask:
        return Ask(self._post(turn, "/purchases", self._body(turn)), status=201)

    def _sale_with_key(self, turn: int) -> Ask:
        key = f"Idempotency-Key: {self.run}-{turn}\r\n"
        return Ask(self._post(turn, "/purchases", self._body(turn), key), status=201)

    def _batch(self, turn: int) -> Ask:
        sales = [self._body(turn * BATCH + one) for one in range(BATCH)]
        return Ask(self._post(turn, "/purchases/batch", {"purchases": sales}), operations=BATCH)

    def _phone(self, turn: int) -> Ask:
        return Ask(self._get(turn, f"/customers?phone={phone_of(self._member())}"))

    def _card(self, turn: int) -> Ask:
        return Ask(self._get(turn, f"/customers?card={token_of(self._member())}"))

    def _body(self, number: int) -> dict[str, object]:
        return {
            "reference": f"{self.run}-{number}",
            "customer": phone_of(self._member()),
            "total_minor": self.draw.randint(10_000, 999_900),
        }

    def _member(self) -> int:
        return self.draw.randint(self.first, self.last)

    def _get(self, turn: int, path: str) -> bytes:
        return self._head("GET", path, turn).encode() + b"\r\n"

    def _post(self, turn: int, path: str, body: object, more: str = "") -> bytes:
        sent = json.dumps(body).encode()
        head = self._head("POST", path, turn) + more
        head += f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
        return head.encode() + sent

    def _head(self, method: str, path: str, turn: int) -> str:
        key = self.keys[turn % len(self.keys)]
        head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n"
        return f"{head}Authorization: Bearer {key}\r\n"


def _plain(path: str) -> Ask:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n\r\n"
    return Ask(head.encode())
