"""[pay]: points as money at the till. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme.conditions import MAX_NUMBER
from loyalty.toml import Reader

_KEYS = {"enabled", "money_minor", "points", "step", "minimum", "keep_at_least", "most_percent"}


@dataclass(frozen=True)
class PayRules:
    enabled: bool
    money_minor: int  # What `points` are worth.
    points: int
    step: int  # Only whole multiples of it can be used; a multiple of `points`.
    minimum: int  # The fewest that can be used at once; a multiple of `step`.
    keep_at_least: int  # So many points stay on the account.
    most_percent: Fraction  # Of what the goods of a bill cost.

    def worth_minor(self, points: int) -> int:
        """What so many points pay; exact, because they are whole steps."""
        return points * self.money_minor // self.points

    def points_for(self, money_minor: int) -> int:
        """The most points that are worth no more than that."""
        return money_minor * self.points // self.money_minor


def read(reader: Reader, root: dict[str, Any]) -> PayRules | None:
    """What [pay] says; None without it: points buy rewards only."""
    place = "pay"
    if place not in root:
        return None
    row = reader.table(place, root[place], _KEYS)
    points = reader.optional_whole(place, row, "points", 1, MAX_NUMBER) or 1
    step = reader.optional_whole(place, row, "step", 1, MAX_NUMBER) or points
    minimum = reader.optional_whole(place, row, "minimum", 1, MAX_NUMBER) or step
    if step % points:
        reader.refuse(place, "step", _("a multiple of points"))
    if minimum % step:
        reader.refuse(place, "minimum", _("a multiple of step"))
    return PayRules(
        enabled=reader.boolean(place, row, "enabled", default=True),
        money_minor=reader.whole(place, row, "money_minor", 1, MAX_NUMBER),
        points=points,
        step=step,
        minimum=minimum,
        keep_at_least=reader.optional_whole(place, row, "keep_at_least", 0, MAX_NUMBER) or 0,
        most_percent=reader.fraction(place, row, "most_percent")
        if "most_percent" in row
        else Fraction(100),
    )
