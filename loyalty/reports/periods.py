"""Stretches of days in the shop. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from loyalty.dates import add_months, month_start


@dataclass(frozen=True)
class Period:
    first: date
    last: date  # Still inside.

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def end(self) -> date:
        """The first day after."""
        return self.last + timedelta(days=1)

    def before(self) -> "Period":
        """
        As many days, right before.

        >>> Period(date(2026, 10, 24), date(2026, 11, 22)).before()
        Period(first=datetime.date(2026, 9, 24), last=datetime.date(2026, 10, 23))
        """
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def year_before(self) -> "Period":
        """The same days a year earlier."""
        return Period(add_months(self.first, -12), add_months(self.last, -12))


def days_until(last: date, *, days: int) -> Period:
    """The `days` days that end with `last`."""
    return Period(last - timedelta(days=days - 1), last)


def full_months_until(last: date, *, count: int) -> tuple[Period, ...]:
    """
    The newest `count` months that are over when `last` is, oldest first.

    >>> [str(month.first) for month in full_months_until(date(2026, 11, 22), count=2)]
    ['2026-09-01', '2026-10-01']
    >>> [str(month.last) for month in full_months_until(date(2026, 11, 30), count=2)]
    ['2026-10-31', '2026-11-30']
    """
    end = month_start(last + timedelta(days=1))
    starts = [add_months(end, -back) for back in range(count, 0, -1)]
    return tuple(Period(start, add_months(start, 1) - timedelta(days=1)) for start in starts)
