"""
Making events of what happened, and deliveries of events: one statement a sweep, whatever happened.
Nobody below knows of webhooks, and while there is no endpoint nothing is looked at.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from loyalty.integrations.models import Endpoint, Watermark
from loyalty.integrations.webhooks import marks
from loyalty.integrations.webhooks.facts import SOURCES, Source

LIMIT = 1_000  # Facts of one source in one sweep.
TIME = timedelta(seconds=20)  # For one call; the next one goes on.

_NEW = """(
    SELECT {rank}, '{name}', f.* FROM (
        SELECT {select}
        WHERE t.{number} > %({name})s AND NOT EXISTS (
            SELECT FROM integrations_event k WHERE k.source = '{name}' AND k.fact = t.{number}
        )
        ORDER BY t.{number} LIMIT %(limit)s
    ) f
)"""

# A customer's events are in the order of recording, and of each source in the order of its numbers.
# The balance goes on where the customer's chain stands, or where the ledger stood before all this.
_GATHER = """
WITH fact (rank, source, fact, type, customer_id, recorded_at, occurred_at, points, data) AS (
    {facts}
), dated AS (
    SELECT *, max(recorded_at) OVER (PARTITION BY customer_id, source ORDER BY fact) AS since
    FROM fact
), placed AS (
    SELECT *, row_number() OVER way AS place, sum(points) OVER way AS moved
    FROM dated
    WINDOW way AS (
        PARTITION BY customer_id ORDER BY since, rank, fact
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
), beginning AS (
    SELECT c.customer_id, coalesce(h.sequence, 0) AS sequence,
        coalesce(h.balance, ledger.balance_after, 0) AS balance
    FROM (SELECT DISTINCT customer_id FROM fact WHERE customer_id IS NOT NULL) c
    LEFT JOIN integrations_chain h ON h.customer_id = c.customer_id
    LEFT JOIN LATERAL (
        SELECT e.balance_after FROM ledger_entry e
        WHERE h.balance IS NULL AND e.account_id = c.customer_id AND e.id <= %(entry)s
        ORDER BY e.number DESC LIMIT 1
    ) ledger ON true
), event AS (
    INSERT INTO integrations_event (
        uid, type, source, fact, customer_id, sequence, balance_after, data, occurred_at, created_at
    )
    SELECT gen_random_uuid(), p.type, p.source, p.fact, p.customer_id, b.sequence + p.place,
        b.balance + p.moved, p.data, p.occurred_at, %(at)s
    FROM placed p LEFT JOIN beginning b ON b.customer_id = p.customer_id
    ORDER BY p.since, p.rank, p.fact
    RETURNING id, type, source, fact, customer_id, sequence, balance_after
), chain AS (
    INSERT INTO integrations_chain (customer_id, sequence, balance)
    SELECT DISTINCT ON (customer_id) customer_id, sequence, balance_after
    FROM event WHERE customer_id IS NOT NULL
    ORDER BY customer_id, sequence DESC
    ON CONFLICT (customer_id) DO UPDATE
        SET sequence = excluded.sequence, balance = excluded.balance
), delivery AS (
    INSERT INTO integrations_delivery (
        event_id, endpoint_id, state, due_at, attempts, problem, answer
    )
    SELECT e.id, p.id, 'waiting', %(at)s, 0, '', ''
    FROM event e JOIN integrations_endpoint p ON p.state = 'on' AND e.type = ANY (p.events)
    ORDER BY e.id
)
SELECT source, max(fact), count(*) FROM event GROUP BY source
"""


def _new(rank: int, source: Source) -> str:
    return _NEW.format(rank=rank, name=source.name, number=source.number, select=source.select)


_STATEMENT = _GATHER.format(facts=" UNION ALL ".join(_new(*one) for one in enumerate(SOURCES)))


def gather(*, clock: Callable[[], datetime]) -> int:
    """
    Make events of everything committed since the last sweep; return how many. Each fact becomes
    one event however often, late or in parallel this runs; of two at the same moment one works.
    """
    if not Endpoint.objects.exclude(state=Endpoint.State.ENDED).exists():
        return 0
    started, made = clock(), 0
    while clock() < started + TIME:
        swept = _sweep(at=clock())
        made += sum(swept.values())
        if all(number < LIMIT for number in swept.values()):
            break
    return made


@transaction.atomic
def _sweep(*, at: datetime) -> dict[str, int]:
    """How many events were made of each source's facts."""
    locked = Watermark.objects.select_for_update(skip_locked=True, no_key=True)
    held = {mark.source: mark for mark in locked.order_by("source")}
    if len(held) < len(SOURCES):
        _add_missing()
        return {}
    before = marks.writers()
    with connection.cursor() as cursor:
        settled = {name: mark.settled for name, mark in held.items()}
        cursor.execute(_STATEMENT, settled | {"at": at, "limit": LIMIT})
        told = {source: (highest, number) for source, highest, number in cursor.fetchall()}
    after = marks.writers()
    for source in SOURCES:
        seen, _number = told.get(source.name, (0, 0))
        marks.advance(held[source.name], table=source.table, seen=seen, before=before, after=after)
    return {name: number for name, (_highest, number) in told.items()}


def _add_missing() -> None:
    """Begin with sources that a newer release brought; those another sweep holds are there."""
    known = set(Watermark.objects.values_list("source", flat=True))
    new = [source for source in SOURCES if source.name not in known]
    if new:
        marks.begin_with(new)
