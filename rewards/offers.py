"""What the catalogue offers a customer, and what keeps them from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from loyalty.dates import local_date
from loyalty.tiers.queries import progress_of
from rewards.availability import GONE, PAST, Asking, Reason, first_day, period, why_not
from rewards.models import Redemption, Reward


@dataclass(frozen=True)
class Offer:
    reward: Reward
    missing_points: int  # 0: the points suffice.
    reason: Reason | None = None  # What else keeps the customer from it now; None: nothing.
    opens_on: date | None = None  # From when they may have it, where that day is still to come.

    @property
    def open(self) -> bool:
        """Whether only points count."""
        return self.reason is None

    @property
    def gone(self) -> bool:
        """Whether nobody can have it for now."""
        return self.reason in GONE


def offered(*, on: date) -> list[Reward]:
    """What anybody might have that day, and what is only sold out. One query."""
    nobody = Asking(on=on, tier_key="")
    rewards = Reward.objects.filter(is_active=True)
    return [reward for reward in rewards if why_not(reward, nobody) not in PAST]


def in_the_window(*, on: date) -> list[Reward]:
    """What a stranger may look forward to: on offer, not sold out. One query."""
    nobody = Asking(on=on, tier_key="")
    return [reward for reward in offered(on=on) if why_not(reward, nobody) not in GONE]


def offers_for(
    customer_id: int,
    *,
    usable: int,
    at: datetime,
    zone: ZoneInfo,
    tier_key: str | None = None,
    branch_key: str | None = None,
) -> list[Offer]:
    """
    What the catalogue has for a customer with `usable` points, at that branch or at none. One
    query; one more where some reward is limited for each customer, and two or three where one is
    for tiers and `tier_key` is not told.
    """
    on = local_date(at, zone)
    rewards = offered(on=on)
    if tier_key is None and any(_asks_for_tier(reward) for reward in rewards):
        tier_key = progress_of(customer_id, at=at, zone=zone).tier.key
    had = _had(customer_id, rewards, on=on, zone=zone)
    offers = []
    for reward in rewards:
        asking = Asking(on, tier_key or "", branch_key, had.get(reward.pk, 0))
        offers.append(_offer(reward, asking, usable=usable, zone=zone))
    return offers


def reason_of(
    reward: Reward,
    customer_id: int,
    *,
    at: datetime,
    zone: ZoneInfo,
    tier_key: str,
    branch_key: str,
) -> Reason | None:
    """What keeps a customer of that tier from one reward at that branch; at most one query."""
    on = local_date(at, zone)
    had = _had(customer_id, [reward], on=on, zone=zone).get(reward.pk, 0)
    return why_not(reward, Asking(on, tier_key, branch_key, had))


def _offer(reward: Reward, asking: Asking, *, usable: int, zone: ZoneInfo) -> Offer:
    reason = why_not(reward, asking)
    missing = max(0, reward.cost_points - usable)
    if reason is Reason.NOT_YET:
        return Offer(reward, missing, reason, first_day(reward, tier_key=asking.tier_key))
    if reason is Reason.TOO_OFTEN and (span := period(reward.most_per, on=asking.on, zone=zone)):
        return Offer(reward, missing, reason, local_date(span[1], zone))
    return Offer(reward, missing, reason)


def _asks_for_tier(reward: Reward) -> bool:
    return bool(reward.tiers or reward.early_tiers)


def _had(
    customer_id: int, rewards: Iterable[Reward], *, on: date, zone: ZoneInfo
) -> dict[int, int]:
    """How often the customer has redeemed the rewards that are limited, in their periods."""
    asked = Q()
    for per in sorted({reward.most_per for reward in rewards if reward.most_per}):
        span = period(per, on=on, zone=zone)
        when = Q(redeemed_at__gte=span[0], redeemed_at__lt=span[1]) if span else Q()
        asked |= Q(reward__most_per=per) & when
    if not asked:
        return {}
    rows = Redemption.objects.filter(asked, customer=customer_id, cancelling_entry=None)
    return dict(rows.values_list("reward").annotate(Count("pk")).order_by())
