"""Counting tiers again where what counted for customers turns out not to count for them."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection

from loyalty.dates import local_date
from loyalty.tiers import services
from loyalty.tiers.models import Qualification, Standing, TierFloor
from loyalty.tiers.rules import Climb, Course, Why
from loyalty.tiers.windows import Event

Floor = tuple[str, date]  # A tier given by hand, and its last day.
_TAKE_OUT = """
INSERT INTO tiers_qualification
    (customer_id, source, reference, spend_minor, points, occurred_at, recorded_at, undoes_id)
SELECT q.customer_id, %(by_source)s, %(ref)s || ':' || q.id, -q.spend_minor, -q.points,
    q.occurred_at, %(at)s, q.id
FROM tiers_qualification q
JOIN unnest(%(sources)s::text[], %(references)s::text[]) AS e (source, reference)
    ON q.source = e.source AND q.reference = e.reference
WHERE q.undoes_id IS NULL
    AND NOT EXISTS (SELECT FROM tiers_qualification u WHERE u.undoes_id = q.id)
ORDER BY q.id
"""


def take_out(
    events: Sequence[tuple[str, str]],
    *,
    customer_ids: Sequence[int],
    source: str,
    reference: str,
    at: datetime,
    course: Course,
) -> None:
    """
    Let the `events` (source and reference of each) of these customers never have counted, and
    count their tiers again without them. The caller holds the locks of their accounts. `source`
    and `reference` name what undoes them. Events that are taken out already stay so.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_OUT,
            {
                "by_source": source,
                "ref": reference,
                "at": at,
                "sources": [one for one, _reference in events],
                "references": [one for _source, one in events],
            },
        )
    floors = _floors_kept(customer_ids)
    for pk in customer_ids:
        restate(pk, floors.get(pk), at=at, course=course, why=Why.UNDONE)


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


def restate(
    customer_id: int, floor: Floor | None, *, at: datetime, course: Course, why: Why
) -> None:
    """Count the customer's tier from all that counts for them now."""
    events = [
        Event(
            row.occurred_at, local_date(row.occurred_at, course.zone), row.spend_minor, row.points
        )
        for row in Qualification.objects.filter(
            customer_id=customer_id, undoes=None, undone_by=None
        ).order_by("occurred_at", "pk")
    ]
    if not events and floor is None:
        Standing.objects.filter(pk=customer_id).delete()
        return
    row = Standing.objects.filter(pk=customer_id).first()
    before = Climb(
        customer_id,
        tier_key=row.tier_key if row else "",
        since=row.since if row else None,
        version_id=row.programme_version_id if row else None,
        floor_key=floor[0] if floor else "",
        floor_through=floor[1] if floor else None,
    )
    today = local_date(at, course.zone)
    end = before.restated(events, at=at, through=today, why=why, course=course)
    services.save([end], recorded_at=at)
