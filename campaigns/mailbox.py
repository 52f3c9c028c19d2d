"""What the file backends wrote, for the demo's mailbox page. Nothing here is used in production."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

from campaigns.models import Channel

# Django's file backend puts this line after every letter, and begins each with its content type;
# the same line inside a letter is only a line. A letter without it is still being written.
_END_OF_LETTER = re.compile(rb"^-{79}\n(?=Content-Type: |\Z)", re.MULTILINE)


@dataclass(frozen=True)
class Letter:
    """One message as it left the house."""

    when: datetime
    channel: str
    to: str
    subject: str
    text: str


def read_mailbox(limit: int) -> list[Letter]:
    """The newest letters, newest first, at most `limit`; empty when there is no mailbox yet."""
    folder = Path(settings.MAILBOX_DIR)
    files = sorted(
        [*folder.glob("sms-*.json"), *folder.glob("*.log")],
        key=lambda file: file.stat().st_mtime,
        reverse=True,
    )
    letters: list[Letter] = []
    for file in files:
        if len(letters) >= limit:
            break
        letters += _texts(file) if file.suffix == ".json" else _mails(file)
    return sorted(letters, key=lambda letter: letter.when, reverse=True)[:limit]


def _texts(file: Path) -> Iterator[Letter]:
    content = json.loads(file.read_text(encoding="utf-8"))
    when = datetime.fromisoformat(content["when"])
    yield Letter(when, Channel.SMS, content["to"], "", content["text"])


def _mails(file: Path) -> Iterator[Letter]:
    for source in _END_OF_LETTER.split(file.read_bytes())[:-1]:
        mail = message_from_bytes(source, EmailMessage, policy=policy.default)
        body = mail.get_body(("plain",))
        yield Letter(
            when=parsedate_to_datetime(str(mail["Date"])).astimezone(UTC),
            channel=Channel.EMAIL,
            to=str(mail["To"]),
            subject=str(mail["Subject"]),
            text=body.get_content() if body else "",
        )
