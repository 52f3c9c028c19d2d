"""What may stand under [bonuses]: points for something other than a purchase. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme import birthdays
from loyalty.programme.birthdays import LeapDay, Window
from loyalty.toml import Reader

MAX_POINTS = 1_000_000
LATE_DAYS = 3
MOST_LATE_DAYS = 30


class Event(StrEnum):
    WELCOME = "welcome"  # Becoming a member at the counter or on the phone.
    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"  # Of becoming a member.
    PROFILE = "profile"  # Name, birthday, and a phone number or e-mail are known.
    SURVEY = "survey"


KEYS = {"points", "tiers", "expire_after_days"}


@dataclass(frozen=True)
class Bonus:
    event: Event
    points: int  # 0: only for the tiers named.
    by_tier: Mapping[str, int]  # Other points for some tiers, by their keys.
    expire_after_days: int | None  # None: as all points do.
    window: Window  # Around a birthday; the day itself for all others.

    def points_for(self, tier_key: str) -> int:
        """What a customer in that tier gets; 0: nothing."""
        return self.by_tier.get(tier_key, self.points)

    def last_day(self, given_on: date, *, otherwise: date | None) -> date | None:
        """The last day its points can be used; `otherwise` where it has no days of its own."""
        if self.expire_after_days is None:
            return otherwise
        return given_on + timedelta(days=self.expire_after_days)


@dataclass(frozen=True)
class Bonuses:
    late_days: int = LATE_DAYS  # A day that was missed is made up for so many days later.
    given: tuple[Bonus, ...] = ()

    def of(self, event: Event) -> Bonus | None:
        """The bonus for that event, if there is one."""
        return next((bonus for bonus in self.given if bonus.event is event), None)


def read(reader: Reader, root: dict[str, Any], leap_day: LeapDay) -> Bonuses:
    """What the document says about bonuses; without the section there are none."""
    place = "bonuses"
    row = reader.table(place, root.get(place, {}), {"late_days", *Event})
    late = reader.optional_whole(place, row, "late_days", 0, MOST_LATE_DAYS)
    given = tuple(
        _bonus(reader, f"{place}.{event}", row[event], event, leap_day)
        for event in Event
        if event in row
    )
    return Bonuses(LATE_DAYS if late is None else late, given)


def _bonus(reader: Reader, place: str, value: Any, event: Event, leap_day: LeapDay) -> Bonus:
    allowed = KEYS | {"window"} if event is Event.BIRTHDAY else KEYS
    row = reader.table(place, value, allowed)
    by_tier = _by_tier(reader, f"{place}.tiers", row.get("tiers", {}))
    lowest = 0 if any(by_tier.values()) else 1
    window = Window(leap_day=leap_day)
    if event is Event.BIRTHDAY:
        window = birthdays.read_window(reader, place, row, "window", leap_day)
    return Bonus(
        event=event,
        points=reader.whole(place, row, "points", lowest, MAX_POINTS),
        by_tier=by_tier,
        expire_after_days=reader.optional_whole(place, row, "expire_after_days", 1, 3_660),
        window=window,
    )


def _by_tier(reader: Reader, place: str, value: Any) -> dict[str, int]:
    row = reader.table(place, value, set(value) if isinstance(value, dict) else set())
    return {key: reader.whole(place, row, key, 0, MAX_POINTS) for key in row}


def check(reader: Reader, bonuses: Bonuses, tier_keys: frozenset[str]) -> None:
    """Refuse what no single bonus can know: tiers that do not exist."""
    for bonus in bonuses.given:
        for unknown in sorted(set(bonus.by_tier) - tier_keys):
            why = _("no tier has the key %(key)s") % {"key": unknown}
            reader.refuse(f"bonuses.{bonus.event}", "tiers", why)
