"""
SMS. A text costs money and the law counts it, so it is sent at most once: whenever the outcome
of a call is not certain, the message becomes UNKNOWN and waits for a person.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import Protocol, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from campaigns.channels.outcomes import Outcome, Result, outcome_of
from campaigns.composing import Outgoing


class SmsBackend(Protocol):
    """
    A gateway. `phone` is E.164, `reference` ours and the same for one message every time. Returns
    an outcome when it is certain; raises anything when it is not.
    """

    def send(self, phone: str, text: str, reference: str) -> Outcome: ...


class ConsoleBackend:
    """Prints messages, phone numbers included: for development only."""

    def send(self, phone: str, text: str, reference: str) -> Outcome:
        sys.stdout.write(f"SMS {reference} to {phone}: {text}\n")
        return Outcome(Result.SENT)


class FileBackend:
    """Writes each message to a file in MAILBOX_DIR: for the demo and for tests."""

    def send(self, phone: str, text: str, reference: str) -> Outcome:
        now = timezone.now()
        content = {"when": now.isoformat(), "to": phone, "text": text, "reference": reference}
        folder = Path(settings.MAILBOX_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", dir=folder, prefix=".", encoding="utf-8", delete=False
        ) as file:
            json.dump(content, file, ensure_ascii=False)
        # Whole or not at all: readers look for the final name only.
        os.replace(file.name, folder / f"sms-{now:%Y%m%d%H%M%S%f}-{reference}.json")
        return Outcome(Result.SENT)


BACKENDS: dict[str, Callable[[], SmsBackend]] = {"console": ConsoleBackend, "file": FileBackend}


def backend() -> SmsBackend:
    """The gateway that the settings name. Raises ImproperlyConfigured for an unknown one."""
    try:
        return BACKENDS[settings.SMS_BACKEND]()
    except KeyError as error:
        known = ", ".join(BACKENDS)
        raise ImproperlyConfigured(f"SMS_BACKEND must be one of: {known}.") from error


class SmsChannel:
    """Use it in a `with` block."""

    def __init__(self) -> None:
        self._backend = backend()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand one text to the gateway; says what came of it, raises nothing."""
        try:
            return self._backend.send(outgoing.to, outgoing.text, outgoing.reference)
        except Exception as error:  # Whatever broke, the gateway may have taken it before.
            return outcome_of(Result.UNKNOWN, error)
