"""
Amounts, points and days in the active language, the shop's currency and its time zone, all of
which the middleware activates. Templates use them through `{% load shop %}`.
"""

from datetime import date, datetime
from typing import Protocol

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from loyalty.money import format_money
from loyalty.programme.ladder import By
from loyalty.tiers.queries import Progress
from loyalty.web.shared import formats
from loyalty.web.shared.currency import active_currency


class Named(Protocol):
    """Something the shop has named in Vietnamese and perhaps in English."""

    name: str
    name_en: str


class Described(Protocol):
    description: str
    description_en: str


def money(amount_minor: int) -> str:
    """350000 → 350.000đ."""
    return format_money(amount_minor, currency=active_currency(), language=language())


def points(number: int) -> str:
    """1286 → 1.286; without the word."""
    return formats.whole(number, language=language())


def signed(number: int) -> str:
    """6 → +6, -40 → −40."""
    return formats.signed(number, language=language())


def day(value: date | datetime) -> str:
    """22/11/2026."""
    return formats.day(_local_day(value), language=language())


def short_day(value: date | datetime) -> str:
    """22/11."""
    return formats.short_day(_local_day(value), language=language())


def month(value: date | datetime) -> str:
    """Tháng 11/2026."""
    return formats.month(_local_day(value), language=language())


def clock(moment: datetime) -> str:
    """16:42, in the shop."""
    return f"{timezone.localtime(moment):%H:%M}"


def code(text: str) -> str:
    """20487731 → 2048 7731."""
    return formats.grouped_code(text)


def counted(number: int, by: By) -> str:
    """What counts towards a tier, with its unit: 350.000đ, 35 điểm, 3 lần mua."""
    if by is By.SPEND:
        return money(number)
    if by is By.POINTS:
        words = ngettext("%(figure)s point", "%(figure)s points", number)
    else:
        words = ngettext("%(figure)s purchase day", "%(figure)s purchase days", number)
    return words % {"figure": points(number)}


def to_go(progress: Progress) -> str:
    """What is missing to the next tier: 350.000đ, or "350 điểm và 2 ngày mua hàng"."""
    missing = [(progress.remaining, progress.by)]
    if progress.and_by:
        missing.append((progress.and_remaining, progress.and_by))
    words = [counted(number, by) for number, by in missing if number] or [counted(*missing[0])]
    if len(words) == 1:
        return words[0]
    return _("%(first)s and %(second)s") % {"first": words[0], "second": words[1]}


def named(thing: Named) -> str:
    """The thing's name in the reader's language, else as the shop wrote it."""
    return thing.name_en if language() == "en" and thing.name_en else thing.name


def described(thing: Described) -> str:
    """The thing's description in the reader's language, else as the shop wrote it."""
    english = language() == "en" and thing.description_en
    return thing.description_en if english else thing.description


def language() -> str:
    """The language of this request: vi or en."""
    return get_language() or "vi"


def _local_day(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value
