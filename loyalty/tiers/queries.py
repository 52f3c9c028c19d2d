"""Where a customer stands and what the next tier asks for."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from loyalty.dates import local_date
from loyalty.programme.document import Programme
from loyalty.programme.ladder import By, Tier, Window
from loyalty.programme.versions import Rules
from loyalty.tiers.models import Qualification
from loyalty.tiers.rules import Climb
from loyalty.tiers.services import climbs_of, course_of
from loyalty.tiers.windows import Event


@dataclass(frozen=True)
class Progress:
    """Figures are minor units of money, points or visits: what the programme counts."""

    programme: Programme  # The rules in force at that moment.
    tier: Tier
    next_tier: Tier | None  # None at the top.
    by: By
    counted: int
    remaining: int  # 0 at the top.
    and_by: By | None  # A second thing the next tier needs as well,
    and_remaining: int  # and how much of it.
    held_through: date | None  # The tier is safe through that day; None: no review is due.


def progress_of(customer_id: int, *, at: datetime, zone: ZoneInfo) -> Progress:
    """
    The customer's tier at that moment and the way to the next one, whether or not the review
    has run. Two queries, three where a window counts.
    """
    course = course_of(zone)
    climb = climbs_of([customer_id], course=course)[customer_id]
    today = local_date(at, zone)
    return _progress(climb.advance(today, course), today, course.at(at))


def progress_after(
    customer_id: int, *, source: str, reference: str, tier_key: str, at: datetime, zone: ZoneInfo
) -> Progress:
    """
    The way to the next tier as it was right after that event, recorded when the customer had
    `tier_key`; the same however much later one asks.
    """
    course = course_of(zone)
    rules, today = course.at(at), local_date(at, zone)
    event = Qualification.objects.filter(source=source, reference=reference).values("pk")
    rows = Qualification.objects.filter(
        customer_id=customer_id, pk__lte=event, undoes=None, undone_by=None
    )
    climb = Climb(customer_id, tier_key)
    if rules.programme.tier_rules.window is Window.LIFETIME:
        spend_minor, points, visits = _totals(rows, zone)
        climb = climb._replace(spend_minor=spend_minor, points=points, visits=visits)
    elif course.horizon:
        events = rows.filter(occurred_at__gte=at - course.horizon)
        climb = climb._replace(events=tuple(_event(row, zone) for row in events))
    return _progress(climb, today, rules)


def _totals(rows: QuerySet[Qualification], zone: ZoneInfo) -> tuple[int, int, int]:
    day = TruncDate("occurred_at", tzinfo=zone)
    sums = rows.aggregate(
        spend=Sum("spend_minor"),
        points=Sum("points"),
        visits=Count(day, distinct=True, filter=Q(spend_minor__gt=0)),
    )
    return sums["spend"] or 0, sums["points"] or 0, sums["visits"]


def _event(row: Qualification, zone: ZoneInfo) -> Event:
    on = local_date(row.occurred_at, zone)
    return Event(row.occurred_at, on, row.spend_minor, row.points)


def _progress(climb: Climb, today: date, rules: Rules) -> Progress:
    programme = rules.programme
    tier = programme.tier(climb.tier_key)
    next_tier = programme.tier_after(tier)
    counted, besides = climb.counting_both(today, programme.tier_rules)
    return Progress(
        programme=programme,
        tier=tier,
        next_tier=next_tier,
        by=programme.tier_rules.by,
        counted=counted,
        remaining=max(0, next_tier.entry - counted) if next_tier else 0,
        and_by=programme.tier_rules.and_by,
        and_remaining=max(0, next_tier.and_entry - besides) if next_tier else 0,
        held_through=climb.held_through,
    )
