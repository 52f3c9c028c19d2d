"""When the demo café is busy, and what people pay: days, hours, Tết, the menu."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

# The first day of the lunar year in Vietnam (UTC+7).
TET = (
    *(date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29)),
    *(date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
    *(date(2030, 2, 2), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31)),
)
_CLOSED = frozenset(first + timedelta(days=n) for first in TET for n in range(-2, 5))
_RUSH = frozenset(first - timedelta(days=n) for first in TET for n in range(3, 15))
_WEEKDAYS = (0.82, 0.86, 0.92, 0.95, 1.08, 1.28, 1.18)  # Monday first.

# Shares of the hours from 7 to 21, by habit.
MORNING = (10, 16, 9, 4, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0)
AFTERNOON = (1, 2, 2, 3, 4, 5, 7, 10, 11, 8, 5, 3, 2, 1, 0)
EVENING = (0, 1, 1, 1, 1, 2, 2, 2, 3, 4, 6, 9, 12, 11, 6)
HABITS = (MORNING, AFTERNOON, EVENING)

_MENU = {  # Price in đồng: how often it is ordered.
    29_000: 22,
    35_000: 26,
    39_000: 20,
    45_000: 14,
    49_000: 12,
    55_000: 12,
    59_000: 7,
    15_000: 12,
    25_000: 8,
    32_000: 6,
    65_000: 4,
    160_000: 1,
}


def is_open(day: date) -> bool:
    return day not in _CLOSED


def is_rush(day: date) -> bool:
    """The two weeks in which everybody meets once more before Tết."""
    return day in _RUSH


def pull(day: date) -> float:
    """How many people a day draws, against a usual one."""
    return _WEEKDAYS[day.weekday()] * (1.35 if is_rush(day) else 1.0)


def moment(rng: Random, day: date, hours: Sequence[int], zone: ZoneInfo) -> datetime:
    """A moment of that day's opening hours, as the habit has it."""
    hour = 7 + rng.choices(range(len(hours)), hours)[0]
    clock = time(hour, rng.randrange(60), rng.randrange(60))
    return datetime.combine(day, clock, tzinfo=zone)


def bill(rng: Random, *, company: float) -> int:
    """What a visit costs in đồng; `company` is how many more than one usually order."""
    items = 1 + sum(rng.random() < share for share in (company, company / 2, company / 3))
    return sum(rng.choices(list(_MENU), list(_MENU.values()), k=items))
