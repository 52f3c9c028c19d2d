"""A real HTTP server that receives webhooks, and misbehaves when told to."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any

HOST = "127.0.0.1"
TOLERANCE = 300  # Seconds, as the specification's own libraries have it.


@dataclass(frozen=True)
class Answer:
    status: int = 204
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """What it got is in `received`; `answer` says what each gets back, and may take its time."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Answer] = lambda _received: Answer()
        self.port = 0
        self.stall_at = 0  # This one, counted from 1, is taken and never answered.
        self.stalled = threading.Event()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/hook"

    def take(self, received: Received) -> Answer:
        with self._lock:
            self.received.append(received)
            stall = len(self.received) == self.stall_at
        if stall:
            self.stalled.set()
            time.sleep(60)
        return self.answer(received)

    def told(self) -> list[tuple[str, Any]]:
        """The kind of each event and its sequence, as received."""
        return [(one.document["type"], one.document["data"]["sequence"]) for one in self.received]


@contextmanager
def receiving(context: SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(Received(self.path, headers, body))
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_args: object) -> None:
            pass  # The other side hung up.

    server = Server((HOST, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def is_genuine(received: Received, secret: str, *, now: float) -> bool:
    """
    Whether a message is to be believed: written from the specification's text, sharing nothing with
    the sender's code.
    """
    moment = received.headers["webhook-timestamp"]
    if not moment.isdigit() or abs(int(moment) - now) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join([received.message_id.encode(), moment.encode(), received.body])
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [part.split(",", 1) for part in received.headers["webhook-signature"].split(" ")]
    return any(
        version == "v1" and hmac.compare_digest(signature, expected) for version, signature in given
    )
