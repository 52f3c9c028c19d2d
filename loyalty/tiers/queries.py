"""Where a customer stands and what the next tier asks for."""

from dataclasses import dataclass

from django.db.models import Sum

from loyalty.programme.document import Programme, Tier
from loyalty.tiers.models import Qualification, Standing


@dataclass(frozen=True)
class Progress:
    """Money in minor units of the shop's currency."""

    tier: Tier
    next_tier: Tier | None  # None at the top.
    spend_minor: int
    remaining_minor: int  # 0 at the top.


def progress_of(customer_id: int, *, programme: Programme) -> Progress:
    """The customer's tier and the way to the next one. One query."""
    standing = Standing.objects.filter(pk=customer_id).first()
    spend = standing.spend_minor if standing else 0
    tier = programme.tier(standing.tier_key) if standing else programme.tiers[0]
    next_tier = programme.tier_after(tier)
    remaining = max(0, next_tier.entry_minor - spend) if next_tier else 0
    return Progress(tier, next_tier, spend, remaining)


def spend_through(customer_id: int, *, source: str, reference: str) -> int:
    """
    The customer's qualifying spend in minor units right after that event was recorded; 0 for
    an unknown event. One query.
    """
    theirs = Qualification.objects.filter(customer_id=customer_id)
    event = theirs.filter(source=source, reference=reference).values("pk")
    return theirs.filter(pk__lte=event).aggregate(spend=Sum("spend_minor"))["spend"] or 0
