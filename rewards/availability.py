"""
Whether a customer may have a reward now, apart from the points, and if not, why. Pure.

For screens: what counts is what `rewards_redeem` finds under its locks, in the same order.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from loyalty.dates import add_months, month_start, start_of_day
from rewards.models import Reward

Per = Reward.Per


class Reason(StrEnum):
    """The outcomes of `rewards_redeem` that are the catalogue's."""

    RETIRED = "retired"
    OVER = "over"
    SOLD_OUT = "sold out"
    ALL_REDEEMED = "all redeemed"
    OTHER_TIER = "other tier"
    NOT_YET = "not yet"
    OTHER_BRANCH = "other branch"
    TOO_OFTEN = "too often"

    @property
    def code(self) -> str:
        """As other programs read it: `sold_out`."""
        return self.value.replace(" ", "_")


GONE = frozenset({Reason.SOLD_OUT, Reason.ALL_REDEEMED})  # Nobody can have it for now.
PAST = frozenset({Reason.RETIRED, Reason.OVER})  # Nobody can have it any more.


@dataclass(frozen=True)
class Asking:
    """Who asks for a reward, when and where."""

    on: date  # In the shop.
    tier_key: str
    branch_key: str | None = None  # None: at no branch, such as in the portal.
    had: int = 0  # How often they have redeemed it in the `period` it is limited in.


def why_not(reward: Reward, asking: Asking) -> Reason | None:
    """The first thing that keeps this customer from the reward; None: only points count."""
    opens_on = first_day(reward, tier_key=asking.tier_key)
    closes_on = final_day(reward)
    obstacles = {
        Reason.RETIRED: not reward.is_active,
        Reason.OVER: closes_on is not None and asking.on > closes_on,
        Reason.SOLD_OUT: reward.stock == 0,
        Reason.ALL_REDEEMED: reward.most_total is not None
        and (reward.redeemed_total or 0) >= reward.most_total,
        Reason.OTHER_TIER: bool(reward.tiers) and asking.tier_key not in reward.tiers,
        Reason.NOT_YET: opens_on is not None and asking.on < opens_on,
        Reason.OTHER_BRANCH: bool(reward.branches)
        and asking.branch_key is not None
        and asking.branch_key not in reward.branches,
        Reason.TOO_OFTEN: reward.most_per_customer is not None
        and asking.had >= reward.most_per_customer,
    }
    return next((reason for reason, holds in obstacles.items() if holds), None)


def first_day(reward: Reward, *, tier_key: str) -> date | None:
    """From when customers of that tier may have it; None: from the start."""
    if reward.starts_on is None or tier_key not in reward.early_tiers:
        return reward.starts_on
    return reward.starts_on - timedelta(days=reward.early_days or 0)


def final_day(reward: Reward) -> date | None:
    """The last day it can be redeemed, so that its voucher has a day as well; None: for ever."""
    ends = [reward.ends_on] if reward.ends_on else []
    if reward.valid_until:
        ends.append(reward.valid_until - timedelta(days=reward.usable_after_days))
    return min(ends, default=None)


def period(per: str, *, on: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """
    The day, week (from Monday), month or year around `on` in the shop: its first moment and the
    first after it. None: for ever.
    """
    monday = on - timedelta(days=on.weekday())
    new_year = date(on.year, 1, 1)
    spans = {
        Per.DAY: (on, on + timedelta(days=1)),
        Per.WEEK: (monday, monday + timedelta(days=7)),
        Per.MONTH: (month_start(on), add_months(month_start(on), 1)),
        Per.YEAR: (new_year, add_months(new_year, 12)),
    }
    if per not in spans:
        return None
    first, after = spans[Per(per)]
    return start_of_day(first, zone), start_of_day(after, zone)
