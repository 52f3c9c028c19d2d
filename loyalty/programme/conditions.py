"""When and for whom a rule holds, and reading that from the document. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.birthdays import LeapDay, Occasion, Window, occasion, read_window
from loyalty.toml import KEY, Reader

KEYS = {
    "from",
    "to",
    "weekdays",
    "hours",
    "branches",
    "tiers",
    "min_order_minor",
    "code",
    "birthday",
}
MAX_NUMBER = 10**12
HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,29}")
MINUTES_A_DAY = 24 * 60


class Weekday(StrEnum):
    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


@dataclass(frozen=True)
class Span:
    """From `start` to just before `end`, in minutes since midnight."""

    start: int
    end: int

    def holds(self, clock: time) -> bool:
        """
        >>> [Span(840, 1020).holds(time(h)) for h in (13, 14, 16, 17)]
        [False, True, True, False]
        """
        return self.start <= clock.hour * 60 + clock.minute < self.end


@dataclass(frozen=True)
class Conditions:
    """All of them must hold; an empty one always does."""

    first_day: date | None = None
    last_day: date | None = None  # Included.
    weekdays: frozenset[int] = frozenset()  # Monday is 0.
    hours: tuple[Span, ...] = ()
    branches: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    min_order_minor: int = 0  # Before the programme's discounts.
    code: str = ""  # That the customer names, in capitals; empty: none is needed.
    birthday: Window | None = None  # The days around the buyer's; None: any day.

    def hold(self, basket: Basket, buyer: Buyer) -> bool:
        """Whether they hold when that buyer pays for that basket."""
        return (
            self.hold_then(basket.at, basket.branch)
            and (not self.tiers or buyer.tier_key in self.tiers)
            and basket.order_minor >= self.min_order_minor
            and (not self.code or self.code in basket.codes)
            and (self.birthday is None or self.occasion(basket, buyer) is not None)
        )

    def hold_then(self, at: datetime, branch: str) -> bool:
        """Whether those hold that ask when, on the shop's own clock, and where."""
        on = at.date()
        return (
            (self.first_day is None or self.first_day <= on)
            and (self.last_day is None or on <= self.last_day)
            and (not self.weekdays or on.weekday() in self.weekdays)
            and (not self.hours or any(span.holds(at.time()) for span in self.hours))
            and (not self.branches or branch in self.branches)
        )

    def occasion(self, basket: Basket, buyer: Buyer) -> Occasion | None:
        """The buyer's birthday in whose window that sale lies, where birthdays matter."""
        if self.birthday is None or buyer.birthday is None:
            return None
        return occasion(buyer.birthday, on=basket.at.date(), window=self.birthday)

    def over(self, on: date) -> bool:
        """Whether the last day has passed by then."""
        return self.last_day is not None and self.last_day < on

    @property
    def ask_when_or_where(self) -> bool:
        """Whether the moment or the branch of a sale matters."""
        return bool(self.first_day or self.last_day or self.weekdays or self.hours or self.branches)

    @property
    def always(self) -> bool:
        """Whether they hold on every day and for every bill, tiers aside."""
        return Conditions(tiers=self.tiers) == self


@dataclass(frozen=True)
class Known:
    """The keys that conditions may name."""

    tiers: frozenset[str]
    branches: frozenset[str] | None  # None: the branches are not known here.


def read(reader: Reader, place: str, row: dict[str, Any], leap_day: LeapDay) -> Conditions:
    """The conditions that `row` names; `leap_day` is [birthdays]'."""
    first, last = reader.optional_day(place, row, "from"), reader.optional_day(place, row, "to")
    if first and last and last < first:
        reader.refuse(place, "to", _("not before the first day"))
    days = reader.texts(place, row, "weekdays")
    names = list(Weekday)
    if any(day not in names for day in days):
        reader.refuse(place, "weekdays", _("out of: %(names)s") % {"names": ", ".join(names)})
    return Conditions(
        first_day=first,
        last_day=last,
        weekdays=frozenset(names.index(Weekday(day)) for day in days if day in names),
        hours=tuple(_span(reader, place, text) for text in reader.texts(place, row, "hours")),
        branches=_keys(reader, place, row, "branches"),
        tiers=_keys(reader, place, row, "tiers"),
        min_order_minor=reader.whole(place, row, "min_order_minor", 1, MAX_NUMBER)
        if "min_order_minor" in row
        else 0,
        code=_code(reader, place, row),
        birthday=read_window(reader, place, row, "birthday", leap_day)
        if "birthday" in row
        else None,
    )


def check(reader: Reader, place: str, conditions: Conditions, known: Known) -> None:
    """Refuse tiers and branches that do not exist."""
    for unknown in sorted(set(conditions.tiers) - known.tiers):
        reader.refuse(place, "tiers", _("no tier has the key %(key)s") % {"key": unknown})
    if known.branches is None:
        return
    for unknown in sorted(set(conditions.branches) - known.branches):
        reader.refuse(place, "branches", _("no branch has the key %(key)s") % {"key": unknown})


def _code(reader: Reader, place: str, row: dict[str, Any]) -> str:
    if "code" not in row:
        return ""
    code = reader.text(place, row, "code").upper()
    if code and not CODE.fullmatch(code):
        reader.refuse(place, "code", _("2 to 30 letters A-Z, digits and -"))
    return code


def _span(reader: Reader, place: str, text: str) -> Span:
    match = HOURS.fullmatch(text)
    start, end = (
        (int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4]))
        if match
        else (0, 0)
    )
    if not start < end <= MINUTES_A_DAY:
        reader.refuse(place, "hours", _('such as "14:00-17:00", the end after the start'))
    return Span(start, end)


def _keys(reader: Reader, place: str, row: dict[str, Any], key: str) -> tuple[str, ...]:
    texts = reader.texts(place, row, key)
    if any(not KEY.fullmatch(text) for text in texts):
        reader.refuse(place, key, _("small letters, digits, - and _ only, at most 40"))
    return tuple(texts)
