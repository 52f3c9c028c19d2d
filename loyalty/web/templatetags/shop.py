"""
Formatting for every page: `{% load shop %}`.

Amounts are minor units in the shop's currency; moments are shown in the shop's time zone,
which the middleware activates. Nothing here decides anything.
"""

from datetime import date, datetime
from typing import Protocol

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from customers.identity import mask_phone, show_phone
from loyalty.money import format_money
from loyalty.web.shared import formats
from loyalty.web.shared.currency import active_currency
from loyalty.web.shared.qr import qr_path

register = template.Library()


class Named(Protocol):
    """Something the shop has named in Vietnamese and perhaps in English."""

    name: str
    name_en: str


class Described(Protocol):
    description: str
    description_en: str


@register.filter
def money(amount_minor: int) -> str:
    """350000 → 350.000đ."""
    return format_money(amount_minor, currency=active_currency(), language=_language())


@register.filter
def points(number: int) -> str:
    """1286 → 1.286; without the word."""
    return formats.whole(number, language=_language())


@register.filter
def signed(number: int) -> str:
    """6 → +6, -40 → −40."""
    return formats.signed(number, language=_language())


@register.filter
def phone(number: str) -> str:
    """+84912345678 → 0912 345 678."""
    return show_phone(number)


@register.filter
def masked(number: str) -> str:
    """+84912345678 → 0912 ••• 678."""
    return mask_phone(number)


@register.filter
def code(text: str) -> str:
    """20487731 → 2048 7731."""
    return formats.grouped_code(text)


@register.filter
def day(value: date | datetime) -> str:
    """22/11/2026."""
    return formats.day(_local_day(value), language=_language())


@register.filter
def short_day(value: date | datetime) -> str:
    """22/11."""
    return formats.short_day(_local_day(value), language=_language())


@register.filter
def month(value: date | datetime) -> str:
    """Tháng 11/2026."""
    return formats.month(_local_day(value), language=_language())


@register.filter
def clock(moment: datetime) -> str:
    """16:42, in the shop."""
    return f"{timezone.localtime(moment):%H:%M}"


@register.filter
def named(thing: Named) -> str:
    """The thing's name in the reader's language, else as the shop wrote it."""
    return thing.name_en if _language() == "en" and thing.name_en else thing.name


@register.filter
def given_name(name: str) -> str:
    """Nguyễn Thu Thảo → Thảo: what Vietnamese people call each other by."""
    return name.split()[-1] if name else ""


@register.filter
def masked_email(address: str) -> str:
    """thao@example.com → t•••@example.com."""
    box, _at, host = address.rpartition("@")
    return f"{box[:1]}•••@{host}"


@register.filter
def described(thing: Described) -> str:
    """The thing's description in the reader's language, else as the shop wrote it."""
    english = _language() == "en" and thing.description_en
    return thing.description_en if english else thing.description


@register.simple_tag
def icon(name: str, css: str = "ico") -> SafeString:
    """A symbol of static/icons.svg. Decoration: a word always stands beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        css,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def qr(text: str, label: str) -> SafeString:
    """A QR code of `text`; `label` is what a screen reader says."""
    side, path = qr_path(text)
    return format_html(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}"><path d="{2}"/></svg>',
        side,
        label,
        path,
    )


def _language() -> str:
    return get_language() or "vi"


def _local_day(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value
