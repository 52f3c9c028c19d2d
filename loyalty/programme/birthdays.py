"""
When a birthday is kept, and the days around it that a rule asks for. Pure.

A window belongs to one birthday, and so does everything that is given in it: `Occasion.year` is
the year of that birthday, also on the days of the window that lie in another year. The year of a
lunar birthday is its lunar year: in it the day comes once, in a solar year twice or not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from loyalty import lunar
from loyalty.dates import add_months
from loyalty.toml import Reader

MOST_DAYS = 60  # To each side: two birthdays' windows never touch.


@dataclass(frozen=True)
class Birthday:
    """A day of a month that comes once a year."""

    day: int
    month: int
    lunar: bool = False  # By the Vietnamese lunar calendar.


class LeapDay(StrEnum):
    """When those born on 29 February have their birthday in years without one."""

    BEFORE = "28/02"
    AFTER = "01/03"


class Span(StrEnum):
    DAY = "day"
    WEEK = "week"  # From the Monday before it (or on it) to the Sunday.
    MONTH = "month"  # The calendar month; for a lunar birthday the lunar month.
    AROUND = "around"  # Some days before and after.


@dataclass(frozen=True)
class Window:
    """The days around a birthday on which something holds."""

    span: Span = Span.DAY
    before: int = 0  # Days, only with AROUND.
    after: int = 0
    leap_day: LeapDay = LeapDay.BEFORE


@dataclass(frozen=True)
class Occasion:
    """One birthday of one year, with the days of its window."""

    year: int
    day: date  # The birthday itself.
    first: date
    last: date  # Included.


ON_THE_DAY = Window()


def occasion(birthday: Birthday, *, on: date, window: Window) -> Occasion | None:
    """
    The birthday in whose window that day lies, if any.

    >>> around = Window(Span.AROUND, before=3, after=3)
    >>> occasion(Birthday(1, 1), on=date(2026, 12, 30), window=around).year
    2027
    >>> occasion(Birthday(29, 2), on=date(2027, 2, 28), window=ON_THE_DAY).year
    2027
    >>> occasion(Birthday(15, 8, lunar=True), on=date(2026, 9, 25), window=ON_THE_DAY).day
    datetime.date(2026, 9, 25)
    """
    year = lunar.lunar_day(on).year if birthday.lunar else on.year
    for candidate in (year, year - 1, year + 1):
        found = _in_year(birthday, candidate, window)
        if found.first <= on <= found.last:
            return found
    return None


def occasions_on(on: date, *, window: Window) -> list[tuple[Birthday, Occasion]]:
    """Every birthday there can be in whose window that day lies."""
    back, ahead = _reach(window)
    days = (on + timedelta(days=number) for number in range(-back, ahead + 1))
    found = [
        (birthday, _in_year(birthday, year, window))
        for day in days
        for birthday, year in _kept_on(day, window.leap_day)
    ]
    return [(birthday, kept) for birthday, kept in found if kept.first <= on <= kept.last]


def coming_birthday(birthday: Birthday, *, today: date, leap_day: LeapDay) -> date:
    """
    The next one, today included.

    >>> coming_birthday(Birthday(29, 2), today=date(2026, 11, 22), leap_day=LeapDay.AFTER)
    datetime.date(2027, 3, 1)
    """
    year = lunar.lunar_day(today).year if birthday.lunar else today.year
    days = [day_in(birthday, candidate, leap_day) for candidate in (year, year + 1)]
    return next(day for day in days if day >= today)


def day_in(birthday: Birthday, year: int, leap_day: LeapDay) -> date:
    """The day on which it is kept in that year; that lunar year, when it is a lunar birthday."""
    if birthday.lunar:
        return lunar.solar_day(year, birthday.month, birthday.day)
    if (birthday.day, birthday.month) == (29, 2) and leap_day is LeapDay.AFTER:
        return date(year, 2, 28) + timedelta(days=1)
    return add_months(date(2000, birthday.month, birthday.day), (year - 2000) * 12)


def _in_year(birthday: Birthday, year: int, window: Window) -> Occasion:
    day = day_in(birthday, year, window.leap_day)
    return Occasion(year, day, *_days(birthday, day, window))


def _days(birthday: Birthday, day: date, window: Window) -> tuple[date, date]:
    if window.span is Span.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if window.span is Span.MONTH:
        if birthday.lunar:
            month = lunar.lunar_month_of(day)
            return month.first, month.last
        first = date(day.year, birthday.month, 1)  # Also where 29 February is kept in March.
        return first, add_months(first, 1) - timedelta(days=1)
    return day - timedelta(days=window.before), day + timedelta(days=window.after)


def _reach(window: Window) -> tuple[int, int]:
    """How many days before and after a day of the window its birthday may lie."""
    return {
        Span.DAY: (0, 0),
        Span.WEEK: (6, 6),
        Span.MONTH: (30, 30),
        Span.AROUND: (window.after, window.before),
    }[window.span]


def _kept_on(day: date, leap_day: LeapDay) -> Iterator[tuple[Birthday, int]]:
    """The birthdays kept on that day, each with its year."""
    yield Birthday(day.day, day.month), day.year
    leap = Birthday(29, 2)
    if (day.day, day.month) != (29, 2) and day_in(leap, day.year, leap_day) == day:
        yield leap, day.year
    today, month = lunar.lunar_day(day), lunar.lunar_month_of(day)
    if not today.leap:
        numbers = (29, 30) if (today.day, day) == (29, month.last) else (today.day,)
        for number in numbers:
            yield Birthday(number, today.month, lunar=True), today.year


def read_leap_day(reader: Reader, root: dict[str, Any]) -> LeapDay:
    """What [birthdays] says about 29 February; without it, 28 February."""
    row = reader.table("birthdays", root.get("birthdays", {}), {"leap_day"})
    return reader.choice("birthdays", row, "leap_day", LeapDay)


def read_window(
    reader: Reader, place: str, row: dict[str, Any], key: str, leap_day: LeapDay
) -> Window:
    """
    The window in `row[key]`: "day", "week", "month", {before = 3, after = 3}, or {days = 30}, the
    birthday being the first of them. The day itself when the key is left out.
    """
    value = row.get(key, Span.DAY)
    if isinstance(value, dict):
        return _around(reader, f"{place}.{key}", value, leap_day)
    if value not in (Span.DAY, Span.WEEK, Span.MONTH):
        reader.refuse(
            place, key, _('"day", "week", "month", {before = 3, after = 3} or {days = 30}')
        )
        return Window(leap_day=leap_day)
    return Window(Span(value), leap_day=leap_day)


def _around(reader: Reader, place: str, row: dict[str, Any], leap_day: LeapDay) -> Window:
    if "days" in row:
        reader.table(place, row, {"days"})
        days = reader.whole(place, row, "days", 1, MOST_DAYS)
        return Window(Span.AROUND, after=days - 1, leap_day=leap_day)
    reader.table(place, row, {"before", "after"})
    before = reader.optional_whole(place, row, "before", 0, MOST_DAYS) or 0
    after = reader.optional_whole(place, row, "after", 0, MOST_DAYS) or 0
    if not before and not after:
        reader.refuse(place, "", _('at least one day before or after; or write "day"'))
    return Window(Span.AROUND, before, after, leap_day)
