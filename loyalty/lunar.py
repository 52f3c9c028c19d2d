"""
The Vietnamese lunar calendar: months from new moon to new moon, counted in the days of UTC+7.
Pure: no clock, no settings.

The calendar's rules and the formulas are those that Hồ Ngọc Đức publishes at
https://www.informatik.uni-leipzig.de/~duc/amlich/calrules.html (after J. Meeus, Astronomical
Formulae for Calculators, 1982, and Astronomical Algorithms, 1998). Vietnam counts in UTC+7 and
China in UTC+8, so that in some years (2030) Tết is a day before the Chinese New Year. Through
2053 the months are those of his tables; of the rest of the century three begin a day later here,
the moon being new within minutes of midnight.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from math import floor, radians, sin

_UTC_PLUS_7 = 7 / 24  # Of a day.
_TO_JULIAN = 1_721_425  # Julian day number minus Python's ordinal.
_MOON_ZERO = 2_415_021  # Julian day of the new moon that `_new_moon(0)` is.
_MONTH_DAYS = 29.530588853
_WINTER = 9  # The twelfth of the sky in which the sun stands from the winter solstice on.


@dataclass(frozen=True)
class LunarDay:
    year: int  # That of its Tết: 2026 from 17 February 2026 on.
    month: int
    day: int
    leap: bool = False  # In the month that is put in after the one of the same number.


@dataclass(frozen=True)
class LunarMonth:
    year: int
    month: int
    leap: bool
    first: date
    last: date


def lunar_day(day: date) -> LunarDay:
    """
    What the lunar calendar calls that day.

    >>> lunar_day(date(2026, 11, 22)), lunar_day(date(2025, 7, 25)).leap
    (LunarDay(year=2026, month=10, day=14, leap=False), True)
    """
    month = lunar_month_of(day)
    return LunarDay(month.year, month.month, (day - month.first).days + 1, month.leap)


def lunar_month_of(day: date) -> LunarMonth:
    """The lunar month in which that day falls."""
    winters = _winter_to_winter(day.year)
    if day > winters[-1].last:
        winters = _winter_to_winter(day.year + 1)
    return winters[bisect_right(winters, day, key=lambda month: month.first) - 1]


def lunar_month(year: int, month: int) -> LunarMonth:
    """
    That month (1 to 12) of that lunar year, never the leap month of the same number.

    >>> lunar_month(2030, 1).first
    datetime.date(2030, 2, 2)
    """
    months = _winter_to_winter(year if month <= 10 else year + 1)
    return next(found for found in months if found.month == month and not found.leap)


def solar_day(year: int, month: int, day: int) -> date:
    """
    The day on which that lunar day of that lunar year is kept: never in a leap month, so that
    it comes once a year, and the 30th on the 29th when the month has no 30th.

    >>> solar_day(2026, 1, 1), solar_day(2025, 12, 30)
    (datetime.date(2026, 2, 17), datetime.date(2026, 2, 16))
    """
    found = lunar_month(year, month)
    return min(found.first + timedelta(days=day - 1), found.last)


@lru_cache(maxsize=512)
def _winter_to_winter(year: int) -> tuple[LunarMonth, ...]:
    """The months from the eleventh of the year before to the tenth (or its leap) of `year`."""
    start, end = _eleventh_month(year - 1), _eleventh_month(year)
    starts = [_new_moon(start + step) for step in range(end - start + 1)]
    leap = _leap_place(starts) if len(starts) == 14 else 0
    months, number = [], 11
    for place, (first, after) in enumerate(pairwise(starts)):
        if place and place != leap:
            number = number % 12 + 1
        its_year = year - 1 if number >= 11 else year
        months.append(LunarMonth(its_year, number, place == leap > 0, _day(first), _day(after - 1)))
    return tuple(months)


def _leap_place(starts: list[int]) -> int:
    """The first month in which the sun does not pass into the next twelfth of the sky."""
    twelfths = [_twelfth(start) for start in starts]
    return next(place for place in range(1, 13) if twelfths[place] == twelfths[place + 1])


def _eleventh_month(year: int) -> int:
    """The number of the new moon that begins the month of that year's winter solstice."""
    last_day = date(year, 12, 31).toordinal() + _TO_JULIAN
    number = floor((last_day - _MOON_ZERO) / _MONTH_DAYS)
    return number - 1 if _twelfth(_new_moon(number)) >= _WINTER else number


def _day(julian: int) -> date:
    return date.fromordinal(julian - _TO_JULIAN)


def _new_moon(number: int) -> int:
    """The Julian day, in UTC+7, of the `number`-th new moon since 1 January 1900."""
    t = number / 1236.85  # Julian centuries.
    mean = 2415020.75933 + 29.53058868 * number + 0.0001178 * t**2 - 0.000000155 * t**3
    mean += 0.00033 * sin(radians(166.56 + 132.87 * t - 0.009173 * t**2))
    sun = radians(359.2242 + 29.10535608 * number - 0.0000333 * t**2 - 0.00000347 * t**3)
    moon = radians(306.0253 + 385.81691806 * number + 0.0107306 * t**2 + 0.00001236 * t**3)
    node = radians(21.2964 + 390.67050646 * number - 0.0016528 * t**2 - 0.00000239 * t**3)
    true = (
        (0.1734 - 0.000393 * t) * sin(sun)
        + 0.0021 * sin(2 * sun)
        - 0.4068 * sin(moon)
        + 0.0161 * sin(2 * moon)
        - 0.0004 * sin(3 * moon)
        + 0.0104 * sin(2 * node)
        - 0.0051 * sin(sun + moon)
        - 0.0074 * sin(sun - moon)
        + 0.0004 * sin(2 * node + sun)
        - 0.0004 * sin(2 * node - sun)
        - 0.0006 * sin(2 * node + moon)
        + 0.0010 * sin(2 * node - moon)
        + 0.0005 * sin(2 * moon + sun)
    )
    clock = -0.000278 + 0.000265 * t + 0.000262 * t**2  # The earth turns ever more slowly.
    return floor(mean + true - clock + 0.5 + _UTC_PLUS_7)


def _twelfth(julian: int) -> int:
    """In which twelfth of the sky, from the spring point, the sun stands as that day begins."""
    t = (julian - 0.5 - _UTC_PLUS_7 - 2451545.0) / 36525  # Julian centuries since 2000.
    anomaly = radians(357.52910 + 35999.05030 * t - 0.0001559 * t**2 - 0.00000048 * t**3)
    longitude = 280.46645 + 36000.76983 * t + 0.0003032 * t**2
    longitude += (1.914600 - 0.004817 * t - 0.000014 * t**2) * sin(anomaly)
    longitude += (0.019993 - 0.000101 * t) * sin(2 * anomaly) + 0.000290 * sin(3 * anomaly)
    return floor(longitude % 360 / 30)
