"""What may stand under [referral]: what a member and a friend they bring get, and when. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme.conditions import MAX_NUMBER
from loyalty.programme.expiry import Expiry
from loyalty.toml import Reader

KEYS = {
    *("event", "min_order_minor", "referrer_points", "friend_points", "expire_after_days"),
    *("wait_days", "most_per_month", "most_per_year"),
    *("hold_above_per_day", "hold_above_per_cashier"),
}
MAX_POINTS = 10**9
USUAL_A_DAY = 5  # More friends than this within one day, and somebody should look.


class Event(StrEnum):
    FIRST_SALE = "first_sale"  # The friend's first purchase of `min_order_minor` or more.
    ENROLMENT = "enrolment"  # The friend is a member.


@dataclass(frozen=True)
class Referral:
    event: Event
    min_order_minor: int  # 0: any purchase.
    referrer_points: int
    friend_points: int
    expire_after_days: int | None  # None: as all points do.
    wait_days: int  # 0: paid at once.
    most_per_month: int | None  # Friends one member is paid for; None: any number.
    most_per_year: int | None
    # More friends within one shop-local day wait for a manager: of one member, and enrolled as
    # well as sold to by one cashier.
    hold_above_per_day: int
    hold_above_per_cashier: int

    def due_on(self, day: date) -> date:
        """The day the points for an event of that shop-local day are paid."""
        return day + timedelta(days=self.wait_days)

    def last_day(self, paid_on: date, *, otherwise: Expiry) -> date | None:
        """
        The last day these points can be used, by the programme's own expiry where the section
        has none; None: for ever.
        """
        if self.expire_after_days is None:
            return otherwise.last_day(paid_on)
        return paid_on + timedelta(days=self.expire_after_days)


def read(reader: Reader, root: dict[str, Any]) -> Referral | None:
    """What the document says about referrals; None when it pays nothing for them."""
    if "referral" not in root:
        return None
    row = reader.table("referral", root["referral"], KEYS)
    place = "referral"
    event = reader.choice(place, row, "event", Event)
    if event is Event.ENROLMENT and "min_order_minor" in row:
        reader.refuse(place, "min_order_minor", _('only with event = "first_sale"'))
    referral = Referral(
        event=event,
        min_order_minor=reader.optional_whole(place, row, "min_order_minor", 1, MAX_NUMBER) or 0,
        referrer_points=reader.optional_whole(place, row, "referrer_points", 0, MAX_POINTS) or 0,
        friend_points=reader.optional_whole(place, row, "friend_points", 0, MAX_POINTS) or 0,
        expire_after_days=reader.optional_whole(place, row, "expire_after_days", 1, 3_660),
        wait_days=reader.optional_whole(place, row, "wait_days", 0, 365) or 0,
        most_per_month=reader.optional_whole(place, row, "most_per_month", 1, 1_000),
        most_per_year=reader.optional_whole(place, row, "most_per_year", 1, 10_000),
        hold_above_per_day=_a_day(reader, row, "hold_above_per_day"),
        hold_above_per_cashier=_a_day(reader, row, "hold_above_per_cashier"),
    )
    if not referral.referrer_points and not referral.friend_points:
        reader.refuse("", place, _("referrer_points, friend_points or both are needed"))
    return referral


def _a_day(reader: Reader, row: dict[str, Any], key: str) -> int:
    return reader.optional_whole("referral", row, key, 1, 1_000) or USUAL_A_DAY
