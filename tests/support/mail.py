"""A real SMTP server for tests, which can refuse, break off and stall."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

HOST = "127.0.0.1"


class MailServer:
    """What it accepted is in `letters`; set the other attributes to make it misbehave."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}  # Recipient → the reply it gets.
        self.break_off = 0  # So many letters: taken, then the connection is cut before the answer.
        self.stall_at = 0  # This letter, counted from 1, is taken but never answered.
        self.stalled = threading.Event()
        self.connections = 0  # That brought a letter.
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name.
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        letter = message_from_bytes(envelope.original_content, EmailMessage, policy=policy.default)
        self.letters.append(letter)
        self.connections += not hasattr(session, "seen")
        session.seen = True
        if len(self.letters) == self.stall_at:
            self.stalled.set()
            await asyncio.sleep(3600)
        if self.break_off > 0:
            self.break_off -= 1
            server.transport.abort()
        return "250 OK"

    def ids(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(str(letter["Message-ID"]) for letter in self.letters)


class _AnyPort(Controller):
    """Lets the system choose a free port, and knows it before it first connects."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    controller = _AnyPort(server, hostname=HOST, port=0)
    controller.start()
    try:
        server.port = controller.port
        yield server
    finally:
        controller.stop()
