import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pytest_django import Settings

from campaigns.channels.sms import SmsChannel, backend
from campaigns.composing import Outgoing
from campaigns.mailbox import read_mailbox
from campaigns.models import Channel, Message
from campaigns.outbox import drain
from customers.models import Customer
from loyalty.shop.models import Shop
from tests.factories.campaigns import due_messages
from tests.factories.clock import NOON
from tests.support.mail import MailServer


@pytest.fixture
def mail_files(settings: Settings, mailbox: Path) -> Path:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(mailbox)
    return mailbox


def test_a_letter_arrives_over_smtp_in_both_parts(smtp: MailServer) -> None:
    (message,) = due_messages(1)

    drain(clock=lambda: NOON)

    (letter,) = smtp.letters
    assert letter["Subject"].startswith("[QC] Chúc mừng sinh nhật chị ")
    assert letter["To"] == message.customer.email
    assert letter["From"] == "Cà phê Hạ <the@ha.example>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Message-ID"] == f"<message-{message.pk}@ha.example>"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("address", [f"an@{'à' * 60}.example", "a\nBcc: b@ha.example"])
def test_an_address_that_no_letter_can_carry_stops_no_other(smtp: MailServer, address: str) -> None:
    odd, even = due_messages(2)
    Customer.objects.filter(pk=odd.customer_id).update(email=address)

    drain(clock=lambda: NOON)

    states = dict(Message.objects.values_list("pk", "state"))
    assert states == {odd.pk: Message.State.FAILED, even.pk: Message.State.SENT}
    assert [letter["To"] for letter in smtp.letters] == [even.customer.email]


def test_a_line_break_in_the_shops_name_starts_no_header(smtp: MailServer) -> None:
    due_messages(1)
    Shop.objects.update(name="Cà phê\r\nBcc: x@ha.example")

    drain(clock=lambda: NOON)

    (letter,) = smtp.letters
    assert letter["From"] == '"Cà phê Bcc: x@ha.example" <the@ha.example>'
    assert letter["Bcc"] is None


def test_many_letters_share_one_connection(smtp: MailServer) -> None:
    due_messages(5)

    drain(clock=lambda: NOON)

    assert (len(smtp.letters), smtp.connections) == (5, 1)


def test_an_sms_is_one_file_written_whole(mailbox: Path) -> None:
    (message,) = due_messages(1, channel=Channel.SMS)

    drain(clock=lambda: NOON)

    (file,) = mailbox.iterdir()
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content["to"] == message.customer.phone
    assert content["reference"] == f"message-{message.pk}"
    assert content["text"].startswith("[QC] Cà phê Hạ chúc mừng sinh nhật chị ")


def test_the_console_prints_an_sms(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.SMS_BACKEND = "console"

    SmsChannel().send(Outgoing(reference="message-1", to="+84912345678", text="Chào chị"))

    assert capsys.readouterr().out == "SMS message-1 to +84912345678: Chào chị\n"


def test_an_unknown_gateway_is_named_before_anything_is_claimed(settings: Settings) -> None:
    settings.SMS_BACKEND = "pigeon"
    (message,) = due_messages(1, channel=Channel.SMS)

    with pytest.raises(ImproperlyConfigured, match="console, file"):
        backend()
    with pytest.raises(ImproperlyConfigured):
        drain(clock=lambda: NOON)
    message.refresh_from_db()
    assert message.state == "queued"


def test_the_mailbox_shows_letters_and_texts_newest_first(mail_files: Path) -> None:
    mails = due_messages(2)
    (text,) = due_messages(1, channel=Channel.SMS)

    drain(clock=lambda: NOON)

    letters = read_mailbox(9)
    assert [letter.when for letter in letters] == sorted(
        [letter.when for letter in letters], reverse=True
    )
    assert {(letter.channel, letter.to) for letter in letters} == {
        *(("email", message.customer.email) for message in mails),
        ("sms", text.customer.phone),
    }
    mailed = next(letter for letter in letters if letter.channel == "email")
    assert mailed.subject.startswith("[QC] Chúc mừng sinh nhật chị ")
    assert mailed.text.startswith("Thêm một tuổi, thêm nhiều ngày thong thả chị nhé.\n\n")
    assert timezone.now() - mailed.when < timedelta(minutes=1)
    assert len(read_mailbox(2)) == 2


def test_a_letter_still_being_written_is_not_shown(mail_files: Path) -> None:
    due_messages(1)
    drain(clock=lambda: NOON)
    (file,) = mail_files.glob("*.log")
    file.write_bytes(file.read_bytes() + b"Content-Type: text/plain\nSubject: half a let")

    assert len(read_mailbox(9)) == 1


def test_a_line_of_dashes_inside_a_letter_does_not_end_it(mail_files: Path) -> None:
    (message,) = due_messages(1)
    message.campaign.body_vi = f"Trên\n{'-' * 79}\nDưới"
    message.campaign.save()
    drain(clock=lambda: NOON)

    (letter,) = read_mailbox(9)

    assert letter.text.startswith(f"Trên\n{'-' * 79}\nDưới")


def test_without_a_mailbox_there_are_no_letters(settings: Settings, tmp_path: Path) -> None:
    settings.MAILBOX_DIR = str(tmp_path / "nowhere")

    assert read_mailbox(9) == []
