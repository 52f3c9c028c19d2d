"""What several of a member's pages say at their top: points, tier, rules."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from loyalty.dates import local_date
from loyalty.ledger.queries import Points, points_of
from loyalty.programme.document import Programme
from loyalty.tiers.queries import Progress, progress_of
from loyalty.web.shared.http import MemberRequest
from rewards.offers import Offer, offers_for

SOON = timedelta(days=45)  # Points that end within it are worth a word.


@dataclass(frozen=True)
class MemberStanding:
    today: date  # In the shop.
    points: Points
    programme: Programme
    progress: Progress
    next_expiry: tuple[date, int] | None  # (last day, points), when it is soon.


def standing_of(request: MemberRequest, *, at: datetime) -> MemberStanding:
    """Where the signed-in member stands at `at`."""
    today = local_date(at, request.shop.zone)
    points = points_of(request.member.pk, on=today)
    progress = progress_of(request.member.pk, at=at, zone=request.shop.zone)
    soon = [(day, count) for day, count in points.expiring if day <= today + SOON]
    return MemberStanding(
        today=today,
        points=points,
        programme=progress.programme,
        progress=progress,
        next_expiry=soon[0] if soon else None,
    )


def offers_of(request: MemberRequest, standing: MemberStanding, *, at: datetime) -> list[Offer]:
    """What the catalogue has for the member."""
    return offers_for(
        request.member.pk,
        usable=standing.points.usable,
        at=at,
        zone=request.shop.zone,
        tier_key=standing.progress.tier.key,
    )
