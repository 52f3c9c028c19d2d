"""
Two customers become one, or two again: what counted for the one counts for the other. Rows are only
added; one that goes to another customer is taken back by a row that names it.
"""

from datetime import date, datetime

from django.db import connection

from loyalty.dates import local_date
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from loyalty.tiers import services
from loyalty.tiers.models import TierFloor
from loyalty.tiers.restating import Floor, floor_of, restate
from loyalty.tiers.rules import Course, Why

SOURCE = "merge"

# Copies first, so that the rows taken back are those there were before.
_CARRY = """
WITH theirs AS (
    SELECT q.* FROM tiers_qualification q
    WHERE q.customer_id = %(giver)s AND q.undoes_id IS NULL
        AND NOT EXISTS (SELECT FROM tiers_qualification u WHERE u.undoes_id = q.id)
        AND (%(carried)s::text IS NULL OR coalesce(q.origin_id, q.id) IN (
            SELECT coalesce(o.origin_id, o.id)
            FROM tiers_qualification went JOIN tiers_qualification o ON o.id = went.undoes_id
            WHERE went.customer_id = %(taker)s AND went.source = %(source)s
                AND starts_with(went.reference, %(carried)s)
        ))
), added AS (
    INSERT INTO tiers_qualification
        (customer_id, source, reference, spend_minor, points, occurred_at, recorded_at, origin_id)
    SELECT %(taker)s, %(source)s, %(ref)s || ':' || id || ':in', spend_minor, points,
        occurred_at, %(at)s, coalesce(origin_id, id)
    FROM theirs ORDER BY id
)
INSERT INTO tiers_qualification
    (customer_id, source, reference, spend_minor, points, occurred_at, recorded_at, undoes_id)
SELECT %(giver)s, %(source)s, %(ref)s || ':' || id || ':out', -spend_minor, -points,
    occurred_at, %(at)s, id
FROM theirs ORDER BY id
"""


def merge(*, kept_id: int, duplicate_id: int, reference: str, at: datetime, by: User) -> None:
    """
    Let all that counted for the duplicate count for the kept one, who has the higher of the tiers
    given to either by hand. The caller holds the locks of both accounts.
    """
    course = services.course_of(get_shop().zone)
    today = local_date(at, course.zone)
    theirs, own = (floor_of(pk, today) for pk in (duplicate_id, kept_id))
    _carry(giver=duplicate_id, taker=kept_id, reference=reference, carried=None, at=at)
    better = theirs if _height(theirs, course, at) > _height(own, course, at) else own
    if better is not None and better != own:
        _give(kept_id, better, at=at, by=by)
    restate({kept_id: better, duplicate_id: None}, at=at, course=course, why=Why.MERGED)


def part(
    *, kept_id: int, duplicate_id: int, reference: str, merged_at: datetime, at: datetime, by: User
) -> None:
    """
    Give the duplicate back what counted for them before the merge of that `reference` and moment;
    a tier that came with it by hand goes, too. The caller holds the locks of both accounts.
    """
    course = services.course_of(get_shop().zone)
    today = local_date(at, course.zone)
    _carry(
        giver=kept_id,
        taker=duplicate_id,
        reference=f"{reference}:undo",
        carried=f"{reference}:",
        at=at,
    )
    own = floor_of(kept_id, today)
    given = [
        (row.tier_key, row.through, (row.reason, row.given_at) == (SOURCE, merged_at))
        for row in TierFloor.objects.filter(customer=kept_id).order_by("-pk")[:2]
    ]
    if given and given[0][2]:
        lowest = (course.at(at).programme.tiers[0].key, today, True)
        key, through, _from_merge = given[1] if len(given) > 1 else lowest
        _give(kept_id, (key, through), at=at, by=by)
        own = (key, through) if len(given) > 1 and through >= today else None
    theirs = floor_of(duplicate_id, today)
    restate({kept_id: own, duplicate_id: theirs}, at=at, course=course, why=Why.MERGED)


def _carry(*, giver: int, taker: int, reference: str, carried: str | None, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _CARRY,
            {
                "giver": giver,
                "taker": taker,
                "source": SOURCE,
                "ref": reference,
                "carried": carried,
                "at": at,
            },
        )


def _height(floor: Floor | None, course: Course, at: datetime) -> tuple[int, date]:
    return (course.at(at).programme.rank(floor[0]), floor[1]) if floor else (-1, date.min)


def _give(customer_id: int, floor: Floor, *, at: datetime, by: User) -> None:
    TierFloor.objects.create(
        customer_id=customer_id,
        tier_key=floor[0],
        through=floor[1],
        reason=SOURCE,
        given_at=at,
        given_by=by,
    )
