"""Days in the shop's own time zone. Pure: no clock, no settings."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """
    The calendar day of `moment` (aware) in the shop.

    >>> local_date(datetime(2026, 11, 22, 17, 30, tzinfo=UTC), ZoneInfo("Asia/Ho_Chi_Minh"))
    datetime.date(2026, 11, 23)
    """
    return moment.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` in the shop, in UTC."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after `day` in the shop, in UTC."""
    return start_of_day(day + timedelta(days=1), zone)


def month_start(day: date) -> date:
    """The first day of the month of `day`."""
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """
    The same day `months` later; a day the month lacks becomes its last one.

    >>> add_months(date(2026, 1, 31), 1), add_months(date(2024, 2, 29), 12)
    (datetime.date(2026, 2, 28), datetime.date(2025, 2, 28))
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
