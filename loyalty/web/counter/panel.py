"""What the cashier sees of a customer, and nothing more."""

from dataclasses import dataclass
from datetime import date, datetime

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.ledger.queries import Points, points_of
from loyalty.shop.models import Branch, Shop
from loyalty.tiers.queries import Progress, progress_of
from loyalty.web.counter.birthdays import birthday_soon
from rewards.birthdays import birthday_of
from rewards.models import Reward, Voucher
from rewards.offers import Offer, offers_for
from rewards.queries import open_vouchers

SHOWN_AT_ONCE = 3  # Of what the customer may use: a till does not scroll.


@dataclass(frozen=True)
class Panel:
    customer: Customer
    today: date  # In the shop.
    points: Points
    progress: Progress
    last_on: date | None  # The day of the last purchase; None before the first.
    birthday: date | None  # When it is near.
    vouchers: tuple[Voucher, ...]
    more_vouchers: tuple[Voucher, ...]
    rewards: tuple[Reward, ...]  # Those the points suffice for, the dearest first.
    more_rewards: tuple[Reward, ...]

    @property
    def usable(self) -> int:
        """Points that can be spent today."""
        return self.points.usable

    @property
    def more(self) -> int:
        return len(self.more_vouchers) + len(self.more_rewards)


def panel_of(customer: Customer, *, at: datetime, shop: Shop, branch: Branch) -> Panel:
    """
    Where the customer stands at `at`, seen from a till of that branch. A fixed number of queries,
    however much they hold.
    """
    zone = shop.zone
    today = local_date(at, zone)
    points = points_of(customer.pk, on=today)
    vouchers = tuple(open_vouchers(customer.pk, on=today))
    first = len(vouchers[:SHOWN_AT_ONCE])
    progress = progress_of(customer.pk, at=at, zone=zone)
    rewards = _within_reach(
        offers_for(
            customer.pk,
            usable=points.usable,
            at=at,
            zone=zone,
            tier_key=progress.tier.key,
            branch_key=branch.key,
        )
    )
    return Panel(
        customer=customer,
        today=today,
        points=points,
        progress=progress,
        last_on=_last_on(customer),
        birthday=birthday_soon(
            birthday_of(customer), today=today, leap_day=progress.programme.leap_day
        ),
        vouchers=vouchers[:first],
        more_vouchers=vouchers[first:],
        rewards=rewards[: SHOWN_AT_ONCE - first],
        more_rewards=rewards[SHOWN_AT_ONCE - first :],
    )


def _within_reach(offers: list[Offer]) -> tuple[Reward, ...]:
    """The rewards that the customer can have now, the dearest first."""
    now = [offer.reward for offer in offers if offer.open and not offer.missing_points]
    return tuple(sorted(now, key=lambda reward: reward.cost_points, reverse=True))


def _last_on(customer: Customer) -> date | None:
    activity = getattr(customer, "activity", None)
    return activity.last_on if activity else None
