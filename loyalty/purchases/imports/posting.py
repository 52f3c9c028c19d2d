"""
Recording staged sales: customer by customer in the order of time, a part at once.

Each sale is asked about with the till's own arithmetic, at the tier the customer had reached by
then; what it comes to is collected and written with one statement a table and part.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F

from loyalty.ledger import services as ledger
from loyalty.purchases.extras import extras_of
from loyalty.purchases.imports import stage
from loyalty.purchases.imports.making import Batch, Made, Maker, Staged
from loyalty.purchases.imports.progress import Report
from loyalty.purchases.imports.turns import be_patient, be_usual
from loyalty.purchases.imports.writing import write_part
from loyalty.purchases.models import ImportBatch
from loyalty.shop.models import Branch
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.transactions import whole

CHUNK = 10_000


@dataclass
class Tally:
    purchases: int = 0
    points: int = 0


def record_staged(
    *, batch: ImportBatch, at: datetime, total: int, report: Report, chunk: int = CHUNK
) -> Tally:
    """
    Record every staged sale as part of `batch`, `chunk` sales at a time; return the sums. Each part
    is a transaction, unless the caller has one, and counted in the batch.
    """
    tally = Tally()
    branch_keys: dict[int | None, str] = {None: ""}
    branch_keys |= dict(Branch.objects.values_list("pk", "key"))
    common = Batch(batch.pk, batch.source, at, batch.recorded_by_id, branch_keys)
    maker = Maker(common, tiers.course_of(get_shop().zone))
    for first in range(1, total + 1, chunk):
        made = _record_part(maker, first=first, last=min(first + chunk - 1, total))
        tally.purchases += len(made.lines)
        tally.points += made.points
        report("recording", tally.purchases, total)
    return tally


@contextmanager
def _without_cycles() -> Iterator[None]:
    """
    Rows have no circles among them, and looking for some through all of a part, again and again, is
    an eighth of the client's work. Those of cursors, with the statement each holds, go at the end.
    """
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()
            gc.collect(0)


@whole
@_without_cycles()
def _record_part(maker: Maker, *, first: int, last: int) -> Made:
    be_patient()
    rows, ids = _locked(first, last)
    earliest = {row.customer_id: row.at for row in reversed(rows) if row.customer_id is not None}
    climbs = tiers.climbs_of(ids, course=maker.course, earliest=earliest)
    versions = [rules for _moment, rules in maker.course.versions]
    extras = {}
    if not all(map(maker.worths.are_for, versions)):
        extras = extras_of(ids, [rules.programme for rules in versions])
    made = maker.make(rows, climbs, extras)
    ledger.keep_alive(until=made.active_until, at=maker.batch.at)
    write_part(made, maker.batch, first=first, last=last)
    ImportBatch.objects.filter(pk=maker.batch.id).update(
        purchases_added=F("purchases_added") + len(made.lines),
        points_added=F("points_added") + made.points,
    )
    be_usual()
    return made


def _locked(first: int, last: int) -> tuple[list[Staged], list[int]]:
    """The sales of these places and their customers, whose accounts are locked from now on."""
    while True:
        rows = stage.part(first, last)
        ids = sorted({row.customer_id for row in rows if row.customer_id is not None})
        merged = [
            (asked, account.customer_id)
            for asked, account in ledger.lock_accounts(ids).items()
            if account.customer_id != asked
        ]
        if not merged:
            return rows, ids
        for pair in merged:
            stage.follow_merge(*pair)


def tell_planner() -> None:
    """Let the database look at the tables that have grown, so that what reads them next is fast."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT purchases_analyze()")
