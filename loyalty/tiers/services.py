"""The only writers of qualifications and standings. Callers hold the customer's account lock."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.errors import InvalidInput
from loyalty.ledger.services import lock_accounts
from loyalty.programme.versions import timeline
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from loyalty.tiers.models import Qualification, Standing, TierChange, TierFloor
from loyalty.tiers.rules import Climb, Course
from loyalty.tiers.windows import Event

REVIEWED_AT_ONCE = 500  # Customers a transaction.
_ADD_QUALIFICATIONS = """
INSERT INTO tiers_qualification
    (customer_id, source, reference, spend_minor, points, occurred_at, recorded_at)
SELECT * FROM unnest(
    %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[],
    %s::timestamptz[]
)
"""
_KEPT = Climb._fields.index("settled_on") + 1  # What of a Climb is kept comes first in it.
_KEEP = """
SELECT tiers_keep_many(
    %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::int[],
    %s::date[], %s::timestamptz[], %s::date[], %s::text[], %s::date[],
    %s::bigint[], %s::timestamptz[], %s::date[]
)
"""
# All events of those whose history must be counted again, of the others what a window may count.
_EVENTS = """
SELECT q.customer_id, q.occurred_at, q.spend_minor, q.points
FROM tiers_qualification q JOIN tiers_standing s USING (customer_id)
WHERE q.customer_id = ANY (%s)
    AND (q.customer_id = ANY (%s) OR q.occurred_at >= s.counted_at - make_interval(days => %s))
    AND q.undoes_id IS NULL
    AND NOT EXISTS (SELECT FROM tiers_qualification u WHERE u.undoes_id = q.id)
ORDER BY q.occurred_at, q.id
"""


def course_of(zone: ZoneInfo) -> Course:
    """The rules over time as tiers need them. One query, when the versions are known already."""
    return Course(tuple(timeline()), zone)


@lru_cache(maxsize=8)
def kept_course(zone: str, _newest_version_id: int | None) -> Course:
    """
    The rules over time, kept in memory. Versions are only added and never change, so the newest
    one's number says which there are: a caller has just asked the database for it.
    """
    return course_of(ZoneInfo(zone))


def climb_from(customer_id: int, standing: Sequence[Any]) -> Climb:
    """The standing that `standing_of` told, without the events behind it."""
    return Climb(customer_id, *standing)._replace(complete=False)


def standing_of(climb: Climb) -> tuple[Any, ...]:
    """What is kept of it, in the order of the columns and of Climb."""
    return climb[1:_KEPT]


def moves_of(climb: Climb) -> str | None:
    """Its moves that are not written yet as `tiers_keep` reads them, None when there are none."""
    if not climb.moves:
        return None
    return json.dumps([vars(move) | {"at": move.at.isoformat()} for move in climb.moves])


def climbs_of(
    customer_ids: Sequence[int],
    *,
    course: Course,
    earliest: Mapping[int, datetime] | None = None,
) -> dict[int, Climb]:
    """
    Where each of these customers stands; new ones at the very start. `earliest` names the first
    event that is about to be counted for each: where it lies before what is counted already, the
    whole history comes along. One or two queries.
    """
    # As one array: of a thousand ids in a list Django and the server read each by itself.
    standings = Standing.objects.raw(
        "SELECT * FROM tiers_standing WHERE customer_id = ANY (%s)", [list(customer_ids)]
    )
    rows = {row.customer_id: row for row in standings}
    late = [
        pk for pk, at in (earliest or {}).items() if pk in rows and is_late(rows[pk], at, course)
    ]
    events: dict[int, list[Event]] = {pk: [] for pk in rows}
    if late or (course.horizon and rows):
        with connection.cursor() as cursor:
            days = course.horizon.days if course.horizon else -1
            cursor.execute(_EVENTS, [list(rows), late, days])
            for pk, at, spend_minor, points in cursor.fetchall():
                events[pk].append(Event(at, local_date(at, course.zone), spend_minor, points))
    return {
        pk: _climb(rows[pk], tuple(events[pk]), complete=pk in late) if pk in rows else Climb(pk)
        for pk in customer_ids
    }


def is_late(row: Standing | Climb, at: datetime, course: Course) -> bool:
    """Whether an event of that moment comes before what is counted already."""
    if row.counted_at is None or row.settled_on is None:
        return False
    return at < row.counted_at or local_date(at, course.zone) < row.settled_on


def _climb(row: Standing, events: tuple[Event, ...], *, complete: bool) -> Climb:
    return Climb(
        customer_id=row.customer_id,
        tier_key=row.tier_key,
        earned_key=row.earned_key,
        spend_minor=row.spend_minor,
        points=row.points,
        visits=row.visits,
        last_visit_on=row.last_visit_on,
        since=row.since,
        held_through=row.held_through,
        floor_key=row.floor_key,
        floor_through=row.floor_through,
        version_id=row.programme_version_id,
        counted_at=row.counted_at,
        settled_on=row.settled_on,
        events=events,
        complete=complete,
    )


class Counted(NamedTuple):
    """The columns of a qualification, without the weight of a model."""

    customer_id: int
    source: str
    reference: str
    spend_minor: int
    points: int
    occurred_at: datetime
    recorded_at: datetime


def record(
    *,
    qualifications: Sequence[Qualification | Counted],
    ends: Sequence[Climb],
    recorded_at: datetime,
) -> None:
    """
    Keep what one or many sales came to: their qualification rows, where each customer stands at
    the end, and the moves between tiers on the way. The database refuses an event twice.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD_QUALIFICATIONS,
            [
                [row.customer_id for row in qualifications],
                [row.source for row in qualifications],
                [row.reference for row in qualifications],
                [row.spend_minor for row in qualifications],
                [row.points for row in qualifications],
                [row.occurred_at for row in qualifications],
                [row.recorded_at for row in qualifications],
            ],
        )
    save(ends, recorded_at=recorded_at)


def moves_by_column(ends: Sequence[Climb]) -> dict[str, list[Any]]:
    """The moves of these that are not written yet, as `tiers_record_many` takes them."""
    moves = [(end.customer_id, move) for end in ends for move in end.moves]
    return {
        "movers": [customer_id for customer_id, _move in moves],
        "came_from": [move.from_key for _id, move in moves],
        "went_to": [move.to_key for _id, move in moves],
        "why": [move.why.value for _id, move in moves],
        "counted": [move.spend_minor for _id, move in moves],
        "versions": [move.version_id for _id, move in moves],
        "moved_at": [move.at for _id, move in moves],
    }


def save(ends: Sequence[Climb], *, recorded_at: datetime) -> None:
    """Keep where these customers stand now, and the moves between tiers on the way."""
    TierChange.objects.bulk_create(
        TierChange(
            customer_id=end.customer_id,
            from_key=move.from_key,
            to_key=move.to_key,
            reason=move.why,
            spend_minor=move.spend_minor,
            programme_version_id=move.version_id,
            occurred_at=move.at,
            recorded_at=recorded_at,
        )
        for end in ends
        for move in end.moves
    )
    keep(ends)


def keep(ends: Sequence[Climb]) -> None:
    """Keep where these customers stand now; the moves are `tiers_record_many`'s."""
    if not ends:
        return
    rows = [end[:_KEPT] for end in ends]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [list(column) for column in zip(*rows, strict=True)])


@transaction.atomic
def give_tier(
    *, customer: Customer, tier_key: str, through: date, reason: str, at: datetime, by: User
) -> TierFloor:
    """
    Give the customer that tier by hand: through that day they have no lower one, whatever they
    buy; a higher one they earn is theirs. It takes the place of a tier given before; giving the
    lowest tier takes one back. Safe to repeat: the same gift again changes nothing but the
    record of who gave it. Raises InvalidInput naming the field.
    """
    course = course_of(get_shop().zone)
    if tier_key not in {tier.key for tier in course.at(at).programme.tiers}:
        raise InvalidInput("tier", _("There is no such tier."))
    if through < local_date(at, course.zone):
        raise InvalidInput("through", _("This day is over."))
    if not reason.strip():
        raise InvalidInput("reason", _("A reason is needed."))
    customer_id = lock_accounts([customer.pk])[customer.pk].customer_id
    climb = climbs_of([customer_id], course=course)[customer_id]
    floor = TierFloor.objects.create(
        customer_id=customer_id,
        tier_key=tier_key,
        through=through,
        reason=reason,
        given_at=at,
        given_by=by,
    )
    save([climb.with_floor(tier_key, through, at=at, course=course)], recorded_at=at)
    return floor


def review_tiers(*, at: datetime) -> int:
    """
    Settle every customer's tier until today in the shop; return how many tiers changed. Safe
    to run twice, late or in parallel: the days are settled in their order, whenever it runs.
    """
    course = course_of(get_shop().zone)
    today = local_date(at, course.zone)
    due = Standing.objects.exclude(floor_key="") | Standing.objects.filter(settled_on__lt=today)
    if not course.loses:
        due = Standing.objects.exclude(floor_key="")
    ids = list(due.order_by("customer_id").values_list("customer_id", flat=True))
    chunks = [
        ids[start : start + REVIEWED_AT_ONCE] for start in range(0, len(ids), REVIEWED_AT_ONCE)
    ]
    return sum(_review(chunk, today, course=course, at=at) for chunk in chunks)


@transaction.atomic
def _review(ids: Sequence[int], today: date, *, course: Course, at: datetime) -> int:
    ids = sorted({account.customer_id for account in lock_accounts(ids).values()})
    climbs = climbs_of(ids, course=course)
    ends = [climb.advance(today, course) for climb in climbs.values()]
    settled = [end for end in ends if end != climbs[end.customer_id]]
    if settled:
        save(settled, recorded_at=at)
    return sum(bool(end.moves) for end in settled)
