"""
Taking points back that should not have been earned, and giving back those that were spent. Thin,
typed calls of the SQL functions in migration 0006, as `services`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from loyalty.dates import local_date
from loyalty.ledger.services import Posted, check_points
from loyalty.shop.queries import get_shop


@dataclass(frozen=True)
class TakenBack:
    entry_id: int | None  # None: there was nothing to take.
    points: int  # What was taken, whole; at most what was due.
    balance_after: int


@transaction.atomic
def take_back(
    *,
    entry_id: int,
    points: int,
    lowest: int,
    source: str,
    reference: str,
    reason: str,
    explanation: dict[str, Any],
    at: datetime,
    recorded_at: datetime,
    by_id: int | None,
) -> TakenBack:
    """
    Take up to `points` of the credit `entry_id` back: out of its own lot, then out of the lots
    that end first, pending ones too, and then as a debt, as long as the balance stays at or
    above `lowest` (0 or less). What has expired of the credit the customer never had; it is not
    taken again.

    Not safe to retry by itself: the caller has looked, under the lock, that this `source` has
    not posted `reference`.
    """
    check_points(points)
    shop = get_shop()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id, taken, balance_after FROM ledger_take_back("
            "%s, %s, %s, %s, %s, %s::jsonb, %s, %s::date, %s, %s, %s, %s)",
            [
                *(source, entry_id, points, lowest, reference, json.dumps(explanation), reason),
                *(local_date(recorded_at, shop.zone), shop.time_zone, at, recorded_at, by_id),
            ],
        )
        return TakenBack(*cursor.fetchone())


class Due(NamedTuple):
    """What is to be taken back of one credit, and the name under which."""

    entry_id: int
    points: int
    reference: str


def take_back_many(
    due: Sequence[Due],
    *,
    lowest: int,
    source: str,
    reason: str,
    at: datetime,
    recorded_at: datetime,
    by_id: int | None,
) -> None:
    """
    As `take_back` of each, in this order, of thousands at once. No credit is named twice. The
    caller has the transaction.
    """
    shop = get_shop()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_take_back_many("
            "%s, %s, %s, %s, %s, array_fill('{}'::jsonb, ARRAY[%s]), %s, %s::date, %s, %s, %s, %s)",
            [
                *(source, [one.entry_id for one in due], [one.points for one in due], lowest),
                *([one.reference for one in due], len(due), reason),
                *(local_date(recorded_at, shop.zone), shop.time_zone, at, recorded_at, by_id),
            ],
        )


@transaction.atomic
def give_back(
    *,
    entry_id: int,
    points: int,
    source: str,
    reference: str,
    reason: str,
    at: datetime,
    recorded_at: datetime,
    by_id: int | None,
) -> Posted:
    """
    Give `points` of the spending `entry_id` back into the lots they were taken from, with the
    last day those had, so what has ended meanwhile expires at once. A debt is repaid from them.
    The answer's balance is that after everything.

    The database refuses to give back more than was taken. Not safe to retry by itself, as
    `take_back`.
    """
    check_points(points)
    shop = get_shop()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id, balance_after FROM ledger_give_back("
            "%s, %s, %s, %s, '{}', %s, %s::date, %s, %s, %s, %s)",
            [
                *(source, entry_id, points, reference, reason),
                *(local_date(recorded_at, shop.zone), shop.time_zone, at, recorded_at, by_id),
            ],
        )
        return Posted(*cursor.fetchone())
