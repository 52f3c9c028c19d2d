"""Money as integer minor units: reading and writing it. Never floats."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import gettext as _

from loyalty.errors import InvalidInput

MAX_MINOR = 10**12  # Above any sale of a shop; keeps sums far inside 64 bits.
LONGEST_TYPED = 40  # Letters; more is no amount, and costs time to read.
_PLAIN = re.compile(r"\d+|\d{1,3}([., ]\d{3})+", re.ASCII)


def minor_digits(currency: str) -> int:
    """
    How many decimals the currency's minor unit has (ISO 4217).

    >>> minor_digits("VND"), minor_digits("USD")
    (0, 2)
    """
    return get_currency_precision(currency)


def format_money(amount_minor: int, *, currency: str, language: str) -> str:
    """
    The amount as people of that language write it; đồng without a space, as on price tags.

    >>> format_money(1350000, currency="VND", language="vi")
    '1.350.000đ'
    >>> format_money(-1350000, currency="VND", language="en")
    '−1,350,000đ'
    >>> format_money(2933, currency="USD", language="en")
    '$29.33'
    """
    if currency == "VND":
        separator = "." if language == "vi" else ","
        sign = "−" if amount_minor < 0 else ""
        return f"{sign}{abs(amount_minor):,}đ".replace(",", separator)
    amount = Decimal(amount_minor).scaleb(-minor_digits(currency))
    return str(format_currency(amount, currency, locale=language)).replace("-", "−")


def parse_money(text: str, *, currency: str) -> int:
    """
    The minor units a person meant by `text`: dots, commas and spaces between thousands, đ
    and the letters of the currency are all fine. Raises InvalidInput otherwise.

    >>> parse_money("1.350.000đ", currency="VND"), parse_money("135,000", currency="VND")
    (1350000, 135000)
    >>> parse_money("29.33", currency="USD"), parse_money("1,234.5", currency="USD")
    (2933, 123450)
    """
    if len(text) > LONGEST_TYPED:
        raise InvalidInput("amount", _("This is not an amount of money."))
    digits = minor_digits(currency)
    bare = re.sub(rf"(?i)\s*(đ|₫|\$|{re.escape(currency)})\s*", "", text.strip())
    bare = re.sub(r"[\xa0\u202f]", " ", bare)
    if digits == 0 and _PLAIN.fullmatch(bare):
        return _bounded(int(re.sub(r"\D", "", bare)))
    if digits > 0:
        bare = re.sub(r"[,\s](?=\d{3}(\D|$))", "", bare)
        if re.fullmatch(rf"\d+(\.\d{{1,{digits}}})?", bare, flags=re.ASCII):
            return _bounded(int(Decimal(bare).scaleb(digits)))
    raise InvalidInput("amount", _("This is not an amount of money."))


def minor_from_decimal(text: str, *, currency: str) -> int:
    """
    Minor units of a plain decimal with a dot, as files carry it: `29.33` → 2933. A sign is
    kept; more decimals than the currency has are rounded half up. Raises ValueError.
    """
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,6})?", text, flags=re.ASCII):
        raise ValueError(text)
    try:
        exact = Decimal(text).scaleb(minor_digits(currency))
    except InvalidOperation as error:
        raise ValueError(text) from error
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _bounded(amount_minor: int) -> int:
    if amount_minor > MAX_MINOR:
        raise InvalidInput("amount", _("This amount is too large."))
    return amount_minor
