"""Whose birthday is near. Pure."""

from datetime import date, timedelta

SOON = timedelta(days=7)


def next_birthday(*, day: int, month: int, today: date) -> date:
    """
    The next one, today included. Who was born on 29 February has it on the 28th in other years,
    as in the birthday messages.

    >>> next_birthday(day=25, month=11, today=date(2026, 11, 22))
    datetime.date(2026, 11, 25)
    >>> next_birthday(day=29, month=2, today=date(2026, 11, 22))
    datetime.date(2027, 2, 28)
    """
    this_year = _in_year(today.year, month, day)
    return this_year if this_year >= today else _in_year(today.year + 1, month, day)


def birthday_soon(*, day: int | None, month: int | None, today: date) -> date | None:
    """
    The birthday when it is within a week, else None.

    >>> birthday_soon(day=29, month=11, today=date(2026, 11, 22))
    datetime.date(2026, 11, 29)
    >>> birthday_soon(day=30, month=11, today=date(2026, 11, 22)) is None
    True
    """
    if day is None or month is None:
        return None
    coming = next_birthday(day=day, month=month, today=today)
    return coming if coming - today <= SOON else None


def _in_year(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, day - 1)
