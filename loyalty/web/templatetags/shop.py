"""Formatting for every page: `{% load shop %}`. Nothing here decides anything."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.identity import mask_phone, show_phone
from loyalty.web.shared import display
from loyalty.web.shared.qr import qr_path

register = template.Library()

for shown in (
    display.money,
    display.points,
    display.signed,
    display.day,
    display.short_day,
    display.month,
    display.clock,
    display.code,
    display.counted,
    display.to_go,
    display.named,
    display.described,
):
    register.filter(shown)


@register.filter
def phone(number: str) -> str:
    """+84912345678 → 0912 345 678."""
    return show_phone(number)


@register.filter
def masked(number: str) -> str:
    """+84912345678 → 0912 ••• 678."""
    return mask_phone(number)


@register.filter
def given_name(name: str) -> str:
    """Nguyễn Thu Thảo → Thảo: what Vietnamese people call each other by."""
    return name.split()[-1] if name.strip() else ""


@register.filter
def length_class(figure: str) -> str:
    """
    How small a large figure has to be drawn to stay on a phone, as a class of the style sheets.

    >>> length_class("+24"), length_class("+1.250"), length_class("1.250.000đ")
    ('', 'long', 'longer')
    """
    for length, css in ((4, ""), (7, "long"), (11, "longer")):
        if len(figure) <= length:
            return css
    return "longest"


@register.filter
def masked_email(address: str) -> str:
    """thao@example.com → t•••@example.com."""
    box, _at, host = address.rpartition("@")
    return f"{box[:1]}•••@{host}"


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
