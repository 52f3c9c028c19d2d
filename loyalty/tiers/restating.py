"""Counting tiers again where what counted for customers turns out not to count for them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from loyalty.dates import local_date
from loyalty.tiers import services
from loyalty.tiers.models import Qualification, Standing, TierFloor
from loyalty.tiers.rules import Climb, Course, Why
from loyalty.tiers.windows import Event

Floor = tuple[str, date]  # A tier given by hand, and its last day.


def restate_without(customer_ids: Sequence[int], *, at: datetime, course: Course) -> None:
    """
    Count these customers' tiers again after events of theirs turned out never to have counted. The
    caller holds the locks of their accounts.
    """
    floors = _floors_kept(customer_ids)
    restate({pk: floors.get(pk) for pk in customer_ids}, at=at, course=course, why=Why.UNDONE)


def _floors_kept(customer_ids: Sequence[int]) -> dict[int, Floor]:
    """
    The tiers given by hand as the standings have them, those that are over as well: a sale of
    their days that is told later still earns in them.
    """
    given = Standing.objects.filter(pk__in=customer_ids).exclude(floor_through=None)
    told = given.values_list("customer_id", "floor_key", "floor_through")
    return {pk: (key, through) for pk, key, through in told if through}


def floor_of(customer_id: int, today: date) -> Floor | None:
    """The tier the customer was given by hand, while it lasts: the newest gift counts."""
    newest = TierFloor.objects.filter(customer=customer_id).order_by("-pk").first()
    if newest is None or newest.through < today:
        return None
    return newest.tier_key, newest.through


def restate(floors: Mapping[int, Floor | None], *, at: datetime, course: Course, why: Why) -> None:
    """
    Count tiers from all that counts now: of each customer named, with the tier given to them by
    hand. A few statements, however many they are.
    """
    events = _events_of(list(floors), course)
    rows = {row.customer_id: row for row in Standing.objects.filter(pk__in=list(floors))}
    left = {pk: floor for pk, floor in floors.items() if pk in events or floor is not None}
    Standing.objects.filter(pk__in=[pk for pk in rows if pk not in left]).delete()
    today = local_date(at, course.zone)
    ends = [
        _before(pk, rows.get(pk), floor).restated(
            events.get(pk, ()), at=at, through=today, why=why, course=course
        )
        for pk, floor in left.items()
    ]
    if ends:
        services.save(ends, recorded_at=at)


def _events_of(customer_ids: Sequence[int], course: Course) -> dict[int, list[Event]]:
    """What counts for each of them, oldest first; nothing of those for whom nothing does."""
    counting = Qualification.objects.filter(
        customer_id__in=customer_ids, undoes=None, undone_by=None
    ).order_by("customer_id", "occurred_at", "pk")
    events: dict[int, list[Event]] = defaultdict(list)
    told = counting.values_list("customer_id", "occurred_at", "spend_minor", "points")
    for pk, at, spend_minor, points in told:
        events[pk].append(Event(at, local_date(at, course.zone), spend_minor, points))
    return events


def _before(customer_id: int, row: Standing | None, floor: Floor | None) -> Climb:
    return Climb(
        customer_id,
        tier_key=row.tier_key if row else "",
        since=row.since if row else None,
        version_id=row.programme_version_id if row else None,
        floor_key=floor[0] if floor else "",
        floor_through=floor[1] if floor else None,
    )
