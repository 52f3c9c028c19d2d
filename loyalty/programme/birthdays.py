"""Birthdays as the rules see them. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Birthday:
    """A day of a month that comes once a year."""

    day: int
    month: int
    lunar: bool = False  # By the Vietnamese lunar calendar.
