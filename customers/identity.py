"""Phones, card numbers, names and birthdays: what a person writes, made into what we keep. Pure."""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from django.utils.dates import MONTHS_3
from django.utils.translation import get_language

from loyalty.errors import InvalidInput
from loyalty.sayings import said as _
from loyalty.sayings import said_of_many as ngettext
from loyalty.text import fold, sort_key

# Vietnam shortened its 11-digit mobile numbers in 2018 (Ministry of Information and
# Communications, plan 798/QD-BTTTT): old prefix → new one, without the leading 0.
_OLD_PREFIXES = {
    **{f"16{digit}": f"3{digit}" for digit in range(2, 10)},
    "120": "70",
    "121": "79",
    "122": "77",
    "126": "76",
    "128": "78",
    "123": "83",
    "124": "84",
    "125": "85",
    "127": "81",
    "129": "82",
    "186": "56",
    "188": "58",
    "199": "59",
}

# Numbers that every table of mobile numbers has, as most people write them. All others are looked up.
_PLAIN_MOBILE = re.compile(r"(?:0|\+84)((?:3\d|5[689]|7[06-9]|8[1-8]|9[0-8])\d{7})", re.ASCII)


def normalise_phone(text: str) -> str:
    """
    The number in E.164, from any form a Vietnamese person writes it in: spaces, dots, +84, 84,
    the 11-digit prefixes from before 2018. Numbers of other countries need their +.
    Raises InvalidInput saying what is wrong.

    >>> normalise_phone("0912 345 678"), normalise_phone("84-912.345.678")
    ('+84912345678', '+84912345678')
    >>> normalise_phone("0168 234 5678")
    '+84382345678'
    """
    plain = _PLAIN_MOBILE.fullmatch(text.replace(" ", "").replace(".", ""))
    if plain:
        return f"+84{plain[1]}"
    return _looked_up(text)


def _looked_up(text: str) -> str:
    """The same by the tables of all numbers there are, which takes twenty times as long."""
    digits = _digits(text)
    if digits.startswith("+") and not digits.startswith("+84"):
        return _checked(digits, text)
    # Some write the 0 behind the 84 as well.
    national = re.sub(r"^(\+84|0084|84(?=0?\d{9,10}$)|0)0?", "", digits)
    if len(national) == 10 and national[:3] in _OLD_PREFIXES:
        national = _OLD_PREFIXES[national[:3]] + national[3:]
    return _checked(f"+84{national}", text)


def _digits(text: str) -> str:
    """Digits of any script as ASCII, a leading + kept, and nothing else."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = "".join(str(int(char)) for char in plain if char.isdigit() and char.isdecimal())
    if re.search(r"[^\d\s().+-]", plain) or len(digits) < 4 or len(digits) > 15:
        raise InvalidInput("phone", _("This is not a phone number."))
    return f"+{digits}" if plain.startswith("+") else digits


def _checked(number: str, typed: str) -> str:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException as error:
        raise InvalidInput("phone", _("This is not a phone number.")) from error
    if not phonenumbers.is_valid_number(parsed):
        raise InvalidInput("phone", _what_is_wrong(number))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _what_is_wrong(number: str) -> str:
    missing = 9 - len(number.removeprefix("+84"))
    if not number.startswith("+84") or missing == 0:
        return _("No phone has this number. Please check the digits.")
    if missing > 0:
        text = ngettext(
            "%(count)d digit is missing. Mobile numbers have 10.",
            "%(count)d digits are missing. Mobile numbers have 10.",
            missing,
        )
    else:
        text = ngettext(
            "%(count)d digit too many. Mobile numbers have 10.",
            "%(count)d digits too many. Mobile numbers have 10.",
            -missing,
        )
    return text % {"count": abs(missing)}


def show_phone(phone: str) -> str:
    """
    As people say it, 4-3-3; numbers of other countries in their international form.

    >>> show_phone("+84912345678"), show_phone("")
    ('0912 345 678', '')
    """
    if re.fullmatch(r"\+84\d{9}", phone):
        return f"0{phone[3:6]} {phone[6:9]} {phone[9:]}"
    if not phone:
        return ""
    parsed = phonenumbers.parse(phone, None)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def mask_phone(phone: str) -> str:
    """
    Enough for its owner to know it, too little for anybody else.

    >>> mask_phone("+84912345678")
    '0912 ••• 678'
    """
    shown = show_phone(phone)
    return f"{shown[:4]} ••• {shown[-3:]}" if len(shown) > 9 else "•••"


def fold_email(address: str) -> str:
    """
    One text for all spellings of one mailbox, to tell whether two addresses are one person's:
    capitals, what follows a +, and the dots that Gmail passes over do not count.

    >>> fold_email("Thu.Thao+quan@GoogleMail.com"), fold_email("thu.thao@example.com"), fold_email("")
    ('thuthao@gmail.com', 'thu.thao@example.com', '')
    """
    box, _at, host = address.strip().lower().rpartition("@")
    box = box.partition("+")[0]
    if host in ("gmail.com", "googlemail.com"):
        box, host = box.replace(".", ""), "gmail.com"
    return f"{box}@{host}" if box else ""


def is_card_number(text: str) -> bool:
    """
    Whether the eight digits could be one of our cards: the last is a Luhn digit.

    >>> is_card_number("123"), is_card_number("12345674"), is_card_number("12345675")
    (False, True, False)
    """
    digits = re.sub(r"\s", "", text)
    if not re.fullmatch(r"\d{8}", digits, flags=re.ASCII):
        return False
    total = 0
    for place, char in enumerate(reversed(digits)):
        doubled = int(char) * (2 if place % 2 else 1)
        total += doubled // 10 + doubled % 10
    return total % 10 == 0


def show_card_number(number: str) -> str:
    """
    >>> show_card_number("12345674")
    '1234 5674'
    """
    return f"{number[:4]} {number[4:]}"


LUNAR_MONTH_DAYS = 30
AFTER_ALL_NAMES = "\uffff"  # A list of customers does not begin with those who gave no name.


def name_columns(name: str) -> dict[str, str]:
    """The three columns of a name: as written (spaces tidied), for search, and for sorting."""
    tidy = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
    if "\x00" in tidy:
        raise InvalidInput("name", _("The name holds a character that cannot be kept."))
    if len(tidy) > 200:
        raise InvalidInput("name", _("The name is longer than 200 letters."))
    order = sort_key(tidy)[:500] if tidy else AFTER_ALL_NAMES
    return {"name": tidy, "name_folded": fold(tidy)[:200], "name_sort": order}


@dataclass(frozen=True)
class Birthday:
    """A day and month; the year only when the customer wished to give it."""

    day: int
    month: int
    year: int | None = None
    lunar: bool = False  # By the Vietnamese lunar calendar, whose months have 29 or 30 days.

    def __post_init__(self) -> None:
        if self.year is not None and not 1900 <= self.year <= 2100:
            raise InvalidInput("birthday", _("This year of birth is not possible."))
        if self.lunar:
            if not (1 <= self.month <= 12 and 1 <= self.day <= LUNAR_MONTH_DAYS):
                raise InvalidInput("birthday", _("The lunar calendar has no such day."))
            return
        days = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
        if not 1 <= self.month <= 12 or not 1 <= self.day <= days[self.month - 1]:
            raise InvalidInput("birthday", _("This day is not in the calendar."))
        leap = self.year is None or (
            self.year % 4 == 0 and (self.year % 100 != 0 or self.year % 400 == 0)
        )
        if (self.day, self.month) == (29, 2) and not leap:
            raise InvalidInput("birthday", _("This day is not in the calendar."))


def show_birthday(birthday: Birthday) -> str:
    """
    As people write it in the active language; a lunar one says so.

    >>> show_birthday(Birthday(5, 9, 1990)), show_birthday(Birthday(29, 2))
    ('05/09/1990', '29/02')
    """
    if get_language() == "en" and not birthday.lunar:  # No lunar month is called February.
        named = f"{birthday.day} {str(MONTHS_3[birthday.month]).title()}"
        return f"{named} {birthday.year}" if birthday.year else named
    parts = [f"{birthday.day:02}", f"{birthday.month:02}"]
    parts += [str(birthday.year)] if birthday.year else []
    day = "/".join(parts)
    return _("%(day)s by the lunar calendar") % {"day": day} if birthday.lunar else day
