"""Phones as spreadsheets leave them. What can be mended is; what cannot says what to do."""

import re
import unicodedata

import phonenumbers

from customers.identity import normalise_phone
from loyalty.errors import InvalidInput
from loyalty.sayings import said as _

_SHORTENED = re.compile(r"\d([.,]\d*)?[eE][+]?\d+", re.ASCII)
# A number that went through a program that counts with it: 912345678.0
_DECIMALS = re.compile(r"(?<=\d{8})[.,]0{1,2}$")
_MOBILE = re.compile(r"\+84[35789]\d{8}", re.ASCII)  # As far as one need not look further.
_BETWEEN_TWO = re.compile(r"[/;,|\n]|\s-\s|\s{2,}")


def phone_in_file(text: str) -> str:
    """
    The mobile number in E.164: with a lost 0, as a number of a spreadsheet, behind an
    apostrophe, with letters nobody sees, and all that `normalise_phone` knows. Raises InvalidInput.

    >>> phone_in_file("912345678"), phone_in_file("'0912.345.678"), phone_in_file("912345678.0")
    ('+84912345678', '+84912345678', '+84912345678')
    >>> phone_in_file("1682345678"), phone_in_file("+84 (0)912 345 678")
    ('+84382345678', '+84912345678')
    """
    plain = _DECIMALS.sub("", _seen(text).strip().strip("'`’"))
    if _SHORTENED.fullmatch(plain):
        raise InvalidInput("phone", _("shortened by Excel: widen the column, or make it text"))
    if sum(_is_number(part) for part in _BETWEEN_TWO.split(plain)) > 1:
        raise InvalidInput("phone", _("more than one number: leave the one that is used"))
    number = normalise_phone(plain)
    if not _MOBILE.fullmatch(number) and _is_landline(number):
        raise InvalidInput("phone", _("a landline, which gets no messages: leave it out"))
    return number


def _seen(text: str) -> str:
    """The text without the signs that nobody sees, digits of other scripts as ours."""
    if text.isascii():
        return text
    kept = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", kept)


def _is_landline(number: str) -> bool:
    kind = phonenumbers.number_type(phonenumbers.parse(number))
    return bool(kind == phonenumbers.PhoneNumberType.FIXED_LINE)


def _is_number(part: str) -> bool:
    return sum(char.isdigit() for char in part) >= 8
