"""What customers read, word for word."""

from datetime import UTC, datetime
from email.utils import formataddr

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from campaigns import unsubscribe
from campaigns.mailbox import read_mailbox
from campaigns.models import Campaign, Channel, Message
from campaigns.outbox import drain
from customers.models import Customer
from customers.signin import code_of
from loyalty.shop.models import LegalRule, Shop
from tests.factories.campaigns import (
    BirthdayCustomerFactory,
    MessageFactory,
    birthday_campaign,
    says,
    sign_in_message,
)
from tests.factories.clock import NOON
from tests.factories.customers import give_points

AGREED = datetime(2026, 3, 4, 17, 30, tzinfo=UTC)  # Already 5 March in the shop.


def thao(**columns: str) -> Customer:
    customer = BirthdayCustomerFactory(
        **{"name": "Nguyễn Thu Thảo", "email": "thao@example.com", "phone": "+84912345678"}
        | columns
    )
    for channel in Channel:
        says(customer, channel, granted=True, at=AGREED)
    return customer


def letter_to(customer: Customer) -> EmailMultiAlternatives:
    MessageFactory(customer=customer)
    drain(clock=lambda: NOON)
    return mail.outbox[0]


def text_to(customer: Customer) -> str:
    MessageFactory(customer=customer, channel=Channel.SMS)
    drain(clock=lambda: NOON)
    return read_mailbox(1)[0].text


def html_of(letter: EmailMultiAlternatives) -> str:
    (alternative,) = letter.alternatives
    assert alternative.mimetype == "text/html"
    return str(alternative.content)


def link_to(customer: Customer) -> str:
    return unsubscribe.link_for(customer_id=customer.pk, channel=Channel.EMAIL)


def test_a_birthday_letter_in_vietnamese() -> None:
    customer = thao()
    give_points(customer, 1286)

    letter = letter_to(customer)

    assert letter.subject == "[QC] Chúc mừng sinh nhật chị Thảo"
    assert letter.to == ["thao@example.com"]
    assert (
        letter.body
        == f"""\
Thêm một tuổi, thêm nhiều ngày thong thả chị nhé.

Cà phê Hạ chúc chị một sinh nhật thật vui, và mong sớm gặp lại chị.

Chị đang có 1.286 điểm.
Mở thẻ của tôi: https://ha.example/

--
Chị nhận thư này vì chị đã đồng ý nhận ưu đãi và lời chúc sinh nhật ngày 05/03/2026.
Ngừng nhận thư chỉ cần một lần bấm: {link_to(customer)}
Cà phê Hạ, 12 phố Mẫu, Hà Nội
"""
    )


def test_a_birthday_letter_in_english() -> None:
    customer = thao(language="en", salutation="")

    letter = letter_to(customer)

    assert letter.subject == "[QC] Happy birthday to Nguyễn Thu Thảo"
    assert (
        letter.body
        == f"""\
One more year, and many slow mornings to go with it.

Cà phê Hạ wishes you a lovely day, and hopes to see you again soon.

Open my card: https://ha.example/

--
You get this mail because you agreed to offers and birthday wishes on 5 Mar 2026.
Stop these mails with one tap: {link_to(customer)}
Cà phê Hạ, 12 phố Mẫu, Hà Nội
"""
    )


def test_the_html_part_says_the_same() -> None:
    customer = thao()
    give_points(customer, 286)

    html = html_of(letter_to(customer))

    assert '<html lang="vi">' in html
    assert ">Chúc mừng sinh nhật chị Thảo</h1>" in html
    assert ">Thêm một tuổi, thêm nhiều ngày thong thả chị nhé.</p>" in html
    assert ">Chị đang có 286 điểm.</p>" in html
    assert f'href="{link_to(customer)}"' in html
    assert "Cà phê Hạ, 12 phố Mẫu, Hà Nội</p>" in html
    assert "{{" not in html
    assert "{%" not in html


def test_mail_programs_find_what_they_need_in_the_headers() -> None:
    customer = thao()

    letter = letter_to(customer)

    message = Message.objects.get()
    assert letter.extra_headers == {
        "Message-ID": f"<message-{message.pk}@ha.example>",
        "List-Unsubscribe": f"<{link_to(customer)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert letter.from_email == formataddr(("Cà phê Hạ", "the@ha.example"))


def test_an_sms_names_itself_and_the_way_to_refuse() -> None:
    assert text_to(thao()) == (
        "[QC] Cà phê Hạ chúc mừng sinh nhật chị Thảo. Mong sớm gặp lại chị. "
        "Từ chối: gọi 0240 000 0000"
    )


def test_an_sms_in_english() -> None:
    assert text_to(thao(language="en")) == (
        "[QC] Cà phê Hạ wishes Nguyễn Thu Thảo a happy birthday. See you again soon. "
        "To refuse: call 0240 000 0000"
    )


def test_the_label_is_the_laws_and_not_the_shops() -> None:
    LegalRule.objects.create(
        key="advert_label", value="[AD]", valid_from="2026-11-01", source="a later decree"
    )

    assert text_to(thao()).startswith("[AD] Cà phê Hạ")


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "{{ settings.SECRET_KEY }}",
        "{% load static %}",
        "{hotline}",
        "%(code)s",
    ],
)
def test_a_hostile_name_stays_letters(name: str) -> None:
    customer = thao(language="en", name=name)

    letter = letter_to(customer)

    assert letter.subject == f"[QC] Happy birthday to {name}"
    html = html_of(letter)
    assert "<script" not in html
    assert "<img" not in html
    assert "0240" not in html


def test_a_line_break_in_a_subject_starts_no_other_header() -> None:
    Shop.objects.update(name="Hạ\r\nBcc: all@example.com")
    campaign = birthday_campaign(Channel.EMAIL)
    Campaign.objects.filter(pk=campaign.pk).update(subject_vi="Chào từ {quan}\n")

    letter = letter_to(thao())

    assert letter.subject == "[QC] Chào từ Hạ Bcc: all@example.com"
    assert letter.message()["Bcc"] is None


def test_a_sign_in_code_by_mail_is_plain_and_short() -> None:
    message = sign_in_message(thao(), channel=Channel.EMAIL)

    drain(clock=lambda: NOON)

    (letter,) = mail.outbox
    assert letter.subject == "Mã đăng nhập của bạn ở Cà phê Hạ"
    assert (
        letter.body
        == f"""\
Mã đăng nhập của bạn ở Cà phê Hạ:

{code_of(message.challenge)}

Mã dùng được một lần, trong 5 phút. Bạn đừng đưa mã cho ai, nhân viên cửa hàng không bao giờ hỏi mã này.
Nếu bạn không yêu cầu mã, cứ bỏ qua thư này.

Cà phê Hạ, 12 phố Mẫu, Hà Nội
"""
    )
    assert letter.alternatives == []
    assert set(letter.extra_headers) == {"Message-ID"}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "vi",
            "{} là mã đăng nhập của bạn ở Cà phê Hạ, dùng được trong 5 phút. Bạn đừng đưa mã cho ai.",
        ),
        ("en", "{} is your code for Cà phê Hạ. It works for 5 minutes. Give it to nobody."),
    ],
)
def test_a_sign_in_code_by_sms_has_no_label(language: str, expected: str) -> None:
    message = sign_in_message(thao(language=language), channel=Channel.SMS)

    drain(clock=lambda: NOON)

    assert read_mailbox(1)[0].text == expected.format(code_of(message.challenge))
