"""Points of a purchase that wait some days before they can be spent: `pending_days`. Pure."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme.expiry import Expiry
from loyalty.toml import Reader

KEY = "pending_days"
MOST_DAYS = 365


def read(reader: Reader, points: dict[str, Any]) -> int:
    """The days that points wait; 0 when they can be spent at once."""
    return reader.optional_whole("points", points, KEY, 0, MOST_DAYS) or 0


def check(reader: Reader, days: int, expiries: Iterable[Expiry | None]) -> None:
    """Refuse to let points end before they can be spent, in any tier."""
    lasting = [
        expiry.shortest_days
        for expiry in expiries
        if expiry is not None and expiry.shortest_days is not None
    ]
    if days and lasting and min(lasting) <= days:
        why = _(
            "points may end after %(days)d days, before they can be spent;"
            " with expire_each_year_on, last_at_least_days must be more"
        )
        reader.refuse("points", KEY, why % {"days": min(lasting)})
