"""
Texts that the shop writes itself: a fixed list of placeholders, replaced once and literally.

No template language reads these texts, so nothing a person types into them is ever evaluated,
and a placeholder inside a customer's name stays what it is: letters.
"""

import re
from collections.abc import Mapping

from babel.numbers import format_decimal
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.identity import show_phone
from customers.models import Customer
from loyalty.shop.models import Shop

# What a shop may write between braces, and what stands there in the message.
PLACEHOLDERS = {
    "ten": _("the customer's given name: Thảo"),
    "ho_ten": _("the customer's whole name: Nguyễn Thị Thảo"),
    "khach": _("salutation and given name: chị Thảo"),
    "danh_xung": _("salutation: anh, chị or bạn"),
    "Danh_xung": _("salutation at the start of a sentence: Anh, Chị or Bạn"),
    "diem": _("the points the customer can use today"),
    "quan": _("the shop's name"),
    "dia_chi": _("the shop's address"),
    "hotline": _("the shop's hotline"),
}
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def validate_wording(text: str) -> None:
    """Raises ValidationError when `text` names a placeholder that does not exist."""
    unknown = [name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]
    if unknown:
        raise ValidationError(
            _("There is no placeholder %(unknown)s. Use these: %(known)s"),
            code="unknown_placeholder",
            params={
                "unknown": "{" + unknown[0] + "}",
                "known": " ".join(f"{{{name}}}" for name in PLACEHOLDERS),
            },
        )


def fill(text: str, values: Mapping[str, str]) -> str:
    """
    `text` with its placeholders replaced. One pass: what a value contains is not looked at again.

    >>> fill("Chào {khach}, {x}", {"khach": "chị {quan}", "quan": "Cà phê Hạ"})
    'Chào chị {quan}, {x}'
    """
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def one_line(text: str) -> str:
    """
    For subjects and SMS, where a line break would start another header or cost money.

    >>> one_line("Chúc mừng\\r\\nBcc: a@example.com ")
    'Chúc mừng Bcc: a@example.com'
    """
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()


def values_for(customer: Customer, *, shop: Shop, points: int, language: str) -> dict[str, str]:
    """What each placeholder stands for when writing to this customer."""
    named = _address(customer, language=language)
    return named | {
        "ho_ten": customer.name,
        "diem": format_decimal(points, locale=language),
        "quan": shop.name,
        "dia_chi": shop.address,
        "hotline": spoken_phone(shop.hotline),
    }


def spoken_phone(hotline: str) -> str:
    """A hotline as people say it; short codes such as 19001234 stay as the shop wrote them."""
    return show_phone(hotline) if hotline.startswith("+") else hotline


def _address(customer: Customer, *, language: str) -> dict[str, str]:
    """In Vietnamese one says anh or chị with the given name, the last word; bạn when unsure."""
    words = customer.name.split()
    if language != "vi":
        you = "you"
        given = customer.name
        called = given or you
    else:
        you = customer.salutation or "bạn"
        given = words[-1] if words else ""
        called = f"{you} {given}".strip()
    return {"ten": given, "khach": called, "danh_xung": you, "Danh_xung": you.capitalize()}
