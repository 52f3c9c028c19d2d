"""From a claimed message to what the customer reads. Reads the database, sends nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from babel.dates import format_date
from babel.numbers import format_decimal
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import ngettext

from campaigns import unsubscribe
from campaigns.gate import Ruling
from campaigns.models import Channel, Message
from campaigns.wording import fill, one_line, spoken_phone, values_for
from customers.signin import CODE_LIFE, code_of
from loyalty.dates import local_date
from loyalty.ledger.queries import points_of
from loyalty.shop.models import Shop
from loyalty.shop.queries import get_shop, legal_value


@dataclass(frozen=True)
class Letterhead:
    """What all messages of a batch share."""

    shop: Shop
    label: str  # Stands first in adverts, by law.
    today: date  # In the shop.


@dataclass(frozen=True)
class Outgoing:
    """One message, ready for its channel. `subject`, `html`, `headers`, `sender`: e-mail only."""

    reference: str
    to: str
    text: str
    subject: str = ""
    html: str = ""
    sender: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def letterhead(*, at: datetime) -> Letterhead:
    """Two queries, once a batch."""
    shop = get_shop()
    today = local_date(at, shop.zone)
    return Letterhead(shop, legal_value("advert_label", on=today), today)


def compose(ruling: Ruling, paper: Letterhead) -> Outgoing:
    """The message in the customer's language, with everything the law wants in it."""
    message = ruling.message
    with translation.override(message.customer.language):
        if message.message_class == Message.Class.SERVICE:
            return _sign_in_code(ruling, paper)
        if message.channel == Channel.SMS:
            return _advert_sms(ruling, paper)
        return _advert_email(ruling, paper)


def reference_of(message: Message) -> str:
    """Ours for a message, the same at every attempt; says nothing about the customer."""
    return f"message-{message.pk}"


def _advert_email(ruling: Ruling, paper: Letterhead) -> Outgoing:
    message, shop = ruling.message, paper.shop
    values, points = _values(message, paper)
    subject, body = _wording(message, values)
    link = unsubscribe.link_for(customer_id=message.customer_id, channel=message.channel)
    context = {
        "language": message.customer.language,
        "label": paper.label,
        "title": subject,
        "paragraphs": [part.strip() for part in body.split("\n\n") if part.strip()],
        "points_line": _points_line(points, values, language=message.customer.language),
        "you": values["danh_xung"],
        "You": values["Danh_xung"],
        "shop": shop,
        "site": settings.SITE_URL,
        "agreed_on": _day(ruling.agreed_at, shop=shop, language=message.customer.language),
        "unsubscribe": link,
    }
    return Outgoing(
        reference=reference_of(message),
        to=ruling.address,
        subject=one_line(f"{paper.label} {subject}"),
        text=render_to_string("messages/birthday/body.txt", context).strip() + "\n",
        html=render_to_string("messages/birthday/body.html", context),
        sender=_sender(shop),
        headers=_message_id(message)
        | {
            # RFC 8058: mail programs show a button that needs no page.
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def _advert_sms(ruling: Ruling, paper: Letterhead) -> Outgoing:
    message = ruling.message
    values, _points = _values(message, paper)
    _subject, body = _wording(message, values)
    context = {"label": paper.label, "body": body, "hotline": spoken_phone(paper.shop.hotline)}
    text = one_line(render_to_string("messages/birthday/sms.txt", context))
    return Outgoing(reference=reference_of(message), to=ruling.address, text=text)


def _sign_in_code(ruling: Ruling, paper: Letterhead) -> Outgoing:
    message, shop = ruling.message, paper.shop
    if message.challenge is None:  # The gate lets none such through.
        raise ValueError("A sign-in message without its challenge.")
    context = {
        "shop": shop,
        "code": code_of(message.challenge),
        "minutes": CODE_LIFE.seconds // 60,
    }
    if message.channel == Channel.SMS:
        text = one_line(render_to_string("messages/sign_in/sms.txt", context))
        return Outgoing(reference=reference_of(message), to=ruling.address, text=text)
    return Outgoing(
        reference=reference_of(message),
        to=ruling.address,
        subject=one_line(render_to_string("messages/sign_in/subject.txt", context)),
        text=render_to_string("messages/sign_in/body.txt", context).strip() + "\n",
        sender=_sender(shop),
        headers=_message_id(message),
    )


def _values(message: Message, paper: Letterhead) -> tuple[dict[str, str], int]:
    customer = message.customer
    points = points_of(customer.pk, on=paper.today).usable
    values = values_for(customer, shop=paper.shop, points=points, language=customer.language)
    return values, points


def _wording(message: Message, values: Mapping[str, str]) -> tuple[str, str]:
    campaign = message.campaign
    if campaign is None:
        raise ValueError("An advert without its campaign.")
    if message.customer.language == "vi":
        subject, body = campaign.subject_vi, campaign.body_vi
    else:
        subject, body = campaign.subject_en, campaign.body_en
    return one_line(fill(subject, values)), fill(body.replace("\r\n", "\n"), values)


def _points_line(points: int, values: Mapping[str, str], *, language: str) -> str:
    """Empty when there are none: nobody wishes to be congratulated on that."""
    if points <= 0:
        return ""
    return ngettext("%(You)s have %(points)s point.", "%(You)s have %(points)s points.", points) % {
        "You": values["Danh_xung"],
        "points": format_decimal(points, locale=language),
    }


def _day(moment: datetime | None, *, shop: Shop, language: str) -> str:
    if moment is None:
        return ""
    day = local_date(moment, shop.zone)
    if language == "vi":
        return f"{day:%d/%m/%Y}"
    return str(format_date(day, "d MMM y", locale="en"))


def _sender(shop: Shop) -> str:
    return formataddr((one_line(shop.name), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))


def _message_id(message: Message) -> dict[str, str]:
    """The same at every attempt, so that mail programs show a letter sent twice once."""
    domain = urlsplit(settings.SITE_URL).hostname or "localhost"
    return {"Message-ID": f"<{reference_of(message)}@{domain}>"}
