"""
The proof of the tiers: every standing is counted again from nothing but the qualification rows,
the tiers given by hand and the versions of the rules. Read-only; a difference is reported,
never repaired.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

from django.db import connection

from loyalty.dates import local_date
from loyalty.programme.document import Programme
from loyalty.shop.queries import get_shop
from loyalty.tiers.models import Standing, TierFloor
from loyalty.tiers.rules import Climb, Course, recount
from loyalty.tiers.services import climbs_of, course_of
from loyalty.tiers.windows import Event

SHOWN = 5  # Differences that are named.
CHUNK = 1_000
_EVENTS = """
SELECT customer_id, occurred_at, spend_minor, points
FROM tiers_qualification q WHERE customer_id = ANY (%s) AND undoes_id IS NULL
    AND NOT EXISTS (SELECT FROM tiers_qualification u WHERE u.undoes_id = q.id)
ORDER BY customer_id, occurred_at, id
"""


@dataclass(frozen=True)
class Difference:
    customer_id: int
    stored: tuple[object, ...]
    counted: tuple[object, ...]

    def __str__(self) -> str:
        return f"customer {self.customer_id}: stored {self.stored}, counted {self.counted}"


@dataclass(frozen=True)
class Proof:
    standings: int
    differences: tuple[Difference, ...]  # The first few.


def verify(*, at: datetime) -> Proof:
    """Count every standing again, as of that moment. An empty `differences` is the proof."""
    course = course_of(get_shop().zone)
    today = local_date(at, course.zone)
    ids = list(Standing.objects.order_by("customer_id").values_list("customer_id", flat=True))
    differences: list[Difference] = []
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        for climb, again in _both(chunk, today, course=course):
            stored, counted = _facts(climb), _facts(again)
            if stored != counted:
                differences.append(Difference(climb.customer_id, stored, counted))
    return Proof(len(ids), tuple(differences[:SHOWN]))


def _both(ids: list[int], today: date, *, course: Course) -> Iterator[tuple[Climb, Climb]]:
    """What is stored and what comes out of counting again, both settled until today."""
    events = _events(ids, course)
    floors = {
        row.customer_id: row for row in TierFloor.objects.filter(customer_id__in=ids).order_by("pk")
    }
    programme = course.on(today).programme
    for pk, climb in climbs_of(ids, course=course).items():
        again = recount(pk, events.get(pk, []), through=today, course=course)
        yield climb.advance(today, course), _given(again, floors.get(pk), today, programme)


def _given(climb: Climb, floor: TierFloor | None, today: date, programme: Programme) -> Climb:
    """The standing with the newest tier given by hand, counted without the writers' code."""
    if floor is None or floor.through < today:
        return climb
    if programme.rank(floor.tier_key) <= programme.rank(climb.tier_key):
        return climb
    return climb._replace(tier_key=floor.tier_key)


def _events(ids: list[int], course: Course) -> dict[int, list[Event]]:
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [ids])
        return {
            pk: [
                Event(at, local_date(at, course.zone), spend, points)
                for _pk, at, spend, points in rows
            ]
            for pk, rows in groupby(cursor.fetchall(), key=itemgetter(0))
        }


def _facts(climb: Climb) -> tuple[object, ...]:
    return (
        climb.tier_key,
        climb.earned_key,
        str(climb.held_through),
        climb.spend_minor,
        climb.points,
        climb.visits,
    )
