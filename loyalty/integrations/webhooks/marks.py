"""
How far has been told, without losing what commits late.

Numbers are given out in order, but transactions commit in another one: behind the highest number
seen, lower ones may still appear. So a mark has two ends. What was told goes up to `told`; of all
that lies up to `settled` it is known that it was. Between the two every sweep looks again.

Whoever was given a number holds a lock on the table from before that moment until the commit. So
those who hold one just after a sweep are the only ones who may still bring lower numbers; once they
are gone, the next sweep has seen all they wrote, and `settled` moves up to what was `reached` then.
"""

import time
from collections import defaultdict
from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.integrations.models import Chain, Watermark
from loyalty.integrations.webhooks.facts import SOURCES, Source

Writers = dict[str, set[str]]

PATIENCE = 3.0  # Seconds for those to finish who are writing when the first endpoint is made.

# Any lock under which rows can be written. A prepared transaction has no process.
_WRITERS = """
SELECT c.relname, l.virtualtransaction
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.locktype = 'relation' AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
        'AccessExclusiveLock')
    AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND c.relname = ANY (%s)
"""
_HIGHEST = "SELECT coalesce(max({number}), 0) FROM {table}"


def writers() -> Writers:
    """The transactions that are writing to each table now, except this one. One query."""
    found: Writers = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [[source.table for source in SOURCES]])
        for table, transaction in cursor.fetchall():
            found[table].add(transaction)
    return found


def begin() -> None:
    """
    Tell of nothing that is there now. Waits for those who are just writing, so that it is certain
    what that is. Raises DomainError when they take too long, as an import does.
    """
    Chain.objects.update(balance=None)  # Nobody followed the balances while nobody was told.
    begin_with(SOURCES)


def begin_with(sources: Iterable[Source]) -> None:
    """As `begin`, for these sources."""
    for source in sources:
        highest = _highest(source)
        values = {"told": highest, "settled": highest, "reached": highest, "writers": []}
        Watermark.objects.update_or_create(source=source.name, defaults=values)
    _wait({transaction for held in writers().values() for transaction in held})


def advance(mark: Watermark, *, table: str, seen: int, before: Writers, after: Writers) -> None:
    """
    Move the mark after a sweep that has seen numbers up to `seen`. `before` and `after` are who
    was writing just before it looked, and just after.
    """
    was = (mark.told, mark.settled, mark.reached, mark.writers)
    mark.told = max(mark.told, seen)
    if before[table].isdisjoint(mark.writers):  # Else they may still bring lower numbers.
        mark.settled = mark.reached
        mark.writers = sorted(after[table]) if mark.told > mark.reached else []
        mark.reached = mark.told
    if was != (mark.told, mark.settled, mark.reached, mark.writers):
        mark.save()


def _highest(source: Source) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_HIGHEST.format(number=source.number, table=source.table))
        return int(cursor.fetchone()[0])


def _wait(writing: set[str]) -> None:
    patience = time.monotonic() + PATIENCE
    while writing:
        if time.monotonic() > patience:
            raise DomainError(
                _("Many sales are being written just now. Try again when that is done.")
            )
        time.sleep(0.02)
        writing &= {transaction for held in writers().values() for transaction in held}
