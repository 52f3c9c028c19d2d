"""What a customer can have, and the vouchers they hold."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from rewards.models import Reward, Voucher


@dataclass(frozen=True)
class Offer:
    reward: Reward
    missing_points: int  # 0: the customer can have it now.


def offers_for(usable_points: int) -> list[Offer]:
    """Every reward that is offered and in stock, with what a customer still lacks. One query."""
    offered = Reward.objects.filter(is_active=True).filter(Q(stock__isnull=True) | Q(stock__gt=0))
    return [Offer(reward, max(0, reward.cost_points - usable_points)) for reward in offered]


def open_vouchers(customer_id: int, *, on: date) -> QuerySet[Voucher]:
    """The customer's vouchers that can be used on that day, the one that ends first on top."""
    return (
        Voucher.objects.filter(
            customer_id=customer_id, state=Voucher.State.ISSUED, expires_on__gte=on
        )
        .select_related("reward")
        .order_by("expires_on", "pk")
    )


def closed_vouchers(customer_id: int, *, on: date) -> QuerySet[Voucher]:
    """Those used or past their last day, the newest on top."""
    return (
        Voucher.objects.filter(customer_id=customer_id)
        .filter(~Q(state=Voucher.State.ISSUED) | Q(expires_on__lt=on))
        .select_related("reward", "used_branch")
        .order_by("-pk")
    )
