"""
How long points last: for ever, some days, some months to the end of the month, or until one
date each year. Pure. A lot's last day is fixed by this when it is earned, and never moves.

Where purchases keep points alive, `active_until` says through which day the last one does: it
belongs to the customer, and of it and the lot's own last day the later counts.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from loyalty.dates import add_months, month_start
from loyalty.toml import Reader

MODES = (
    *("expire_after_days", "expire_after_months", "expire_after_inactive_months"),
    *("expire_each_year_on", "never_expire"),
)
KEYS = {*MODES, "last_at_least_days", "unless_active"}
LONGEST_MONTHS = 120
SHORTEST_MONTH = 28  # Days.
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # 29 February is not every year's.


@dataclass(frozen=True)
class Never:
    """Points last for ever."""

    def last_day(self, earned_on: date) -> date | None:
        return None

    def active_until(self, last_purchase_on: date) -> date | None:
        return None

    @property
    def shortest_days(self) -> int | None:
        """How many days points last at least, after the one they are earned on; None: no end."""
        return None


@dataclass(frozen=True)
class AfterDays:
    """Points can be used on the day they are earned and `days` more."""

    days: int

    def last_day(self, earned_on: date) -> date | None:
        """
        >>> AfterDays(30).last_day(date(2026, 11, 22))
        datetime.date(2026, 12, 22)
        """
        return earned_on + timedelta(days=self.days)

    def active_until(self, last_purchase_on: date) -> date | None:
        return None

    @property
    def shortest_days(self) -> int | None:
        return self.days


@dataclass(frozen=True)
class AfterMonths:
    """Points last `months` and then to the end of that month, so a customer hears one date."""

    months: int

    def last_day(self, earned_on: date) -> date | None:
        """
        >>> AfterMonths(12).last_day(date(2027, 2, 1))
        datetime.date(2028, 2, 29)
        """
        return add_months(month_start(earned_on), self.months + 1) - timedelta(days=1)

    def active_until(self, last_purchase_on: date) -> date | None:
        return None

    @property
    def shortest_days(self) -> int | None:
        return self.months * SHORTEST_MONTH


@dataclass(frozen=True)
class AfterInactiveMonths(AfterMonths):
    """All points last `months` from the last purchase, and then to the end of that month."""

    def active_until(self, last_purchase_on: date) -> date | None:
        """
        >>> AfterInactiveMonths(12).active_until(date(2026, 11, 22))
        datetime.date(2027, 11, 30)
        """
        return self.last_day(last_purchase_on)


@dataclass(frozen=True)
class EachYear:
    """Points last through the next such day of the year that is `at_least_days` away or more."""

    month: int
    day: int
    at_least_days: int
    unless_active: bool = False  # A purchase in the year before that day keeps them a year more.

    def last_day(self, earned_on: date) -> date | None:
        """
        >>> EachYear(3, 31, 0).last_day(date(2027, 3, 31))
        datetime.date(2027, 3, 31)
        >>> EachYear(3, 31, 30).last_day(date(2027, 3, 2))
        datetime.date(2028, 3, 31)
        """
        return self._from(earned_on + timedelta(days=self.at_least_days))

    def active_until(self, last_purchase_on: date) -> date | None:
        """
        >>> EachYear(12, 31, 0, unless_active=True).active_until(date(2026, 3, 5))
        datetime.date(2027, 12, 31)
        """
        if not self.unless_active:
            return None
        return self._from(self._from(last_purchase_on) + timedelta(days=1))

    @property
    def shortest_days(self) -> int | None:
        return self.at_least_days

    def _from(self, day: date) -> date:
        """The first such day of a year from `day` on."""
        this_year = date(day.year, self.month, self.day)
        return this_year if this_year >= day else this_year.replace(year=day.year + 1)


Expiry = Never | AfterDays | AfterMonths | AfterInactiveMonths | EachYear


def read(reader: Reader, place: str, row: dict[str, Any]) -> Expiry | None:
    """What `row` says about expiry, one way at most; None when it says nothing."""
    said = [key for key in MODES if key in row]
    for key in said[1:]:
        reader.refuse(
            place, key, _("points expire one way only: %(key)s stands above") % {"key": said[0]}
        )
    for key in ("last_at_least_days", "unless_active"):
        if key in row and "expire_each_year_on" not in row:
            reader.refuse(place, key, _("only together with expire_each_year_on"))
    if "expire_after_days" in row:
        return AfterDays(reader.whole(place, row, "expire_after_days", 1, 3_660))
    if "expire_after_months" in row:
        return AfterMonths(reader.whole(place, row, "expire_after_months", 1, LONGEST_MONTHS))
    if "expire_after_inactive_months" in row:
        return AfterInactiveMonths(
            reader.whole(place, row, "expire_after_inactive_months", 1, LONGEST_MONTHS)
        )
    if "expire_each_year_on" in row:
        return _each_year(reader, place, row)
    if "never_expire" in row:
        if row["never_expire"] is not True:
            reader.refuse(place, "never_expire", _("true, or leave it out"))
        return Never()
    return None


def _each_year(reader: Reader, place: str, row: dict[str, Any]) -> Expiry:
    text = row["expire_each_year_on"]
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text) if isinstance(text, str) else None
    day, month = (int(match[1]), int(match[2])) if match else (0, 0)
    at_least = 0
    if "last_at_least_days" in row:
        at_least = reader.whole(place, row, "last_at_least_days", 1, 365)
    if not 1 <= month <= 12 or not 1 <= day <= MONTH_DAYS[month - 1]:
        reader.refuse(
            place, "expire_each_year_on", _('day and month that every year has, such as "31/12"')
        )
        return Never()
    unless_active = reader.boolean(place, row, "unless_active", default=False)
    return EachYear(month, day, at_least, unless_active)
