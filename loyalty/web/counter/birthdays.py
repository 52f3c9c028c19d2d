"""Whose birthday is near. Pure."""

from datetime import date, timedelta

from loyalty.programme.birthdays import Birthday, LeapDay, coming_birthday

SOON = timedelta(days=7)


def birthday_soon(birthday: Birthday | None, *, today: date, leap_day: LeapDay) -> date | None:
    """
    The day it is kept on when that is within a week, else None.

    >>> birthday_soon(Birthday(29, 11), today=date(2026, 11, 22), leap_day=LeapDay.BEFORE)
    datetime.date(2026, 11, 29)
    >>> birthday_soon(Birthday(14, 10, lunar=True), today=date(2026, 11, 22), leap_day=LeapDay.AFTER)
    datetime.date(2026, 11, 22)
    """
    if birthday is None:
        return None
    coming = coming_birthday(birthday, today=today, leap_day=leap_day)
    return coming if coming - today <= SOON else None
