"""
Reading what a rehearsal starts from: every customer as they stood when its days began, and what
they did since. A chunk of customers at a time, so that a big shop needs no more memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db.models import Q

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.programme.birthdays import Birthday
from loyalty.purchases.models import CapUse, DiscountUse, Purchase
from loyalty.purchases.sale import Given
from loyalty.reports.asking import ask
from loyalty.reports.rehearsal.deeds import HandSet, Person
from loyalty.reports.rehearsal.happening import happened
from loyalty.reports.rehearsal.purse import Lot
from loyalty.tiers.models import Qualification, TierFloor
from loyalty.tiers.rules import Course
from loyalty.tiers.windows import Event

CHUNK = 500  # Customers.
_LOTS = """
SELECT l.account_id, l.entry_id, l.points, l.points - t.taken, l.usable_from, l.expires_on,
    r.taken_back, t.expired
FROM ledger_lot l JOIN ledger_entry o ON o.id = l.entry_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(a.points), 0)::bigint AS taken,
        coalesce(sum(a.points) FILTER (WHERE e.kind = 'expire'), 0)::bigint AS expired
    FROM ledger_allocation a JOIN ledger_entry e ON e.id = a.entry_id
    WHERE a.lot_id = l.id AND e.occurred_at < %(since)s
) AS t
CROSS JOIN LATERAL (
    SELECT coalesce(-sum(e.points), 0)::bigint AS taken_back FROM ledger_entry e
    WHERE e.reverses_id = l.entry_id AND e.points < 0 AND e.occurred_at < %(since)s
) AS r
WHERE l.account_id = ANY (%(ids)s) AND o.occurred_at < %(since)s
    AND NOT EXISTS (
        SELECT FROM purchases_purchase p JOIN purchases_importbatch b ON b.id = p.batch_id
        WHERE p.entry_id = l.entry_id AND b.undone_at IS NOT NULL
    )
    AND (l.points > t.taken OR l.entry_id = ANY (%(wanted)s) OR EXISTS (
        SELECT FROM ledger_allocation a WHERE a.lot_id = l.id AND a.entry_id = ANY (%(wanted)s)
    ))
ORDER BY l.id
"""
_OWED = """
SELECT d.account_id, sum(d.points - coalesce(r.repaid, 0))::bigint
FROM ledger_debt d JOIN ledger_entry o ON o.id = d.entry_id AND o.occurred_at < %(since)s
LEFT JOIN LATERAL (
    SELECT sum(a.points) AS repaid FROM ledger_allocation a JOIN ledger_entry e ON e.id = a.entry_id
    WHERE a.debt_id = d.id AND e.occurred_at < %(since)s
) AS r ON true
WHERE d.account_id = ANY (%(ids)s) GROUP BY 1
"""
# What spendings that are undone later had taken, less what had gone back by then.
_TAKEN = """
SELECT l.account_id, w.id, l.entry_id, sum(a.points)::bigint
FROM unnest(%(wanted)s::bigint[]) AS w (id)
JOIN ledger_entry e ON e.id = w.id OR (e.reverses_id = w.id AND e.kind = 'reverse')
JOIN ledger_allocation a ON a.entry_id = e.id AND a.debt_id IS NULL
JOIN ledger_lot l ON l.id = a.lot_id
WHERE e.occurred_at < %(since)s
GROUP BY 1, 2, 3, l.id HAVING sum(a.points) > 0 ORDER BY l.id
"""


@dataclass(frozen=True)
class Days:
    """The rehearsed days, from `since` to just before `until`, and the rules they had."""

    since: datetime
    until: datetime
    course: Course


def people(days: Days, *, chunk: int = CHUNK) -> Iterator[Person]:
    """Every customer, merged ones as the one they were merged into. Queries by the chunk."""
    kept = Customer.objects.filter(merged_into__isnull=True).order_by("pk")
    last = 0
    while rows := list(kept.filter(pk__gt=last)[:chunk]):
        last = rows[-1].pk
        found = {row.pk: Person(row.pk, str(row), _birthday(row)) for row in rows}
        yield from _filled(found, days)


def _birthday(row: Customer) -> Birthday | None:
    if row.birth_day is None or row.birth_month is None:
        return None
    return Birthday(row.birth_day, row.birth_month, row.birth_lunar)


def _filled(found: Mapping[int, Person], days: Days) -> Iterator[Person]:
    merged = Customer.objects.filter(merged_into__in=list(found)).values_list("pk", "merged_into")
    persons = {**found, **{pk: found[kept] for pk, kept in merged if kept is not None}}
    ids = list(persons)
    wanted = happened(persons, days.since, days.until, days.course)
    _tell_points(persons, ids, wanted, days)
    _tell_tiers(persons, ids, days)
    _tell_uses(persons, ids, days)
    for person in found.values():
        person.deeds.sort(key=attrgetter("at"))
        yield person


def _tell_points(
    persons: Mapping[int, Person], ids: Sequence[int], wanted: Sequence[int], days: Days
) -> None:
    asked: dict[str, Any] = {"ids": ids, "since": days.since, "wanted": wanted}
    for pk, key, points, left, usable_from, expires_on, taken_back, expired in ask(_LOTS, asked):
        lot = Lot(key, points, max(left, 0), usable_from, expires_on, taken_back, expired)
        persons[pk].lots.append(lot)
    for pk, owed in ask(_OWED, asked):
        persons[pk].owed += max(owed, 0)
    for pk, entry_id, lot_key, points in ask(_TAKEN, asked) if wanted else ():
        if pk in persons:
            persons[pk].taken.setdefault(entry_id, []).append((lot_key, points))


def _tell_tiers(persons: Mapping[int, Person], ids: Sequence[int], days: Days) -> None:
    zone = days.course.zone
    counted = Qualification.objects.filter(
        customer__in=ids, occurred_at__lt=days.since, undoes=None, undone_by=None
    ).order_by("occurred_at", "pk")
    for pk, at, spend, points in counted.values_list(
        "customer_id", "occurred_at", "spend_minor", "points"
    ):
        persons[pk].events.append(Event(at, local_date(at, zone), spend, points))
    floors = TierFloor.objects.filter(customer__in=ids, given_at__lt=days.until).order_by("pk")
    for floor in floors:
        at = floor.given_at
        given = HandSet(at, local_date(at, zone), floor.tier_key, floor.through)
        person = persons[floor.customer_id]
        if at < days.since:
            person.events.append(given)
        else:
            person.deeds.append(given)
    for person in persons.values():
        person.events.sort(key=attrgetter("at"))


def _tell_uses(persons: Mapping[int, Person], ids: Sequence[int], days: Days) -> None:
    before = Q(customer__in=ids, purchase__occurred_at__lt=days.since, freed=False)
    caps = CapUse.objects.filter(before)
    for pk, key, on, points in caps.values_list("customer_id", "rule_key", "occurred_on", "points"):
        persons[pk].given.append(Given(key, on, points))
    for pk, used in DiscountUse.objects.filter(before).values_list("customer_id", "used"):
        persons[pk].used.add(used)
    last = Purchase.objects.filter(customer__in=ids, occurred_at__lt=days.since, stands=True)
    newest = last.order_by("customer_id", "-occurred_at").distinct("customer_id")
    for customer_id, at in newest.values_list("customer_id", "occurred_at"):
        if customer_id is not None:
            person = persons[customer_id]
            person.bought_at = max(at, person.bought_at or at)
