"""The most points a rule gives a customer: in a sale, a day, a week, a month, a year, ever. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from loyalty.dates import month_start
from loyalty.toml import Reader

KEYS = {"cap_points", "cap_per"}
MAX_POINTS = 10**12


class Period(StrEnum):
    SALE = "sale"
    DAY = "day"
    WEEK = "week"  # From Monday.
    MONTH = "month"
    YEAR = "year"
    EVER = "ever"


@dataclass(frozen=True)
class Cap:
    points: int
    per: Period

    @property
    def kept(self) -> bool:
        """Whether what a sale gave has to be remembered for the next."""
        return self.per is not Period.SALE

    def first_day(self, on: date) -> date | None:
        """
        The first day whose sales count together with one on that shop-local day; None: all do.

        >>> [Cap(1, per).first_day(date(2026, 11, 22)).isoformat() for per in list(Period)[1:5]]
        ['2026-11-22', '2026-11-16', '2026-11-01', '2026-01-01']
        """
        return {
            Period.SALE: on,
            Period.DAY: on,
            Period.WEEK: on - timedelta(days=on.weekday()),
            Period.MONTH: month_start(on),
            Period.YEAR: on.replace(month=1, day=1),
            Period.EVER: None,
        }[self.per]


def read(reader: Reader, place: str, row: dict[str, Any]) -> Cap | None:
    """The cap that `row` names, if any."""
    if "cap_points" not in row:
        if "cap_per" in row:
            reader.refuse(place, "cap_per", _("only together with cap_points"))
        return None
    points = reader.whole(place, row, "cap_points", 1, MAX_POINTS)
    if "cap_per" not in row:
        reader.refuse(place, "cap_per", _("one of: %(names)s") % {"names": ", ".join(Period)})
        return None
    return Cap(points, reader.choice(place, row, "cap_per", Period))
