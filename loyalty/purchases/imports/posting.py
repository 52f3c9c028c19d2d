"""
Recording staged sales: customer by customer in the order of time, a chunk at once.

Each sale asks the same arithmetic as the till, at the tier the customer had reached by then;
what it comes to is collected and written by COPY and one statement a table and chunk.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from loyalty.purchases.imports.bills import bill_of
from loyalty.purchases.imports.progress import Report
from loyalty.purchases.many import record_many
from loyalty.purchases.models import ImportBatch
from loyalty.purchases.sale import Sale
from loyalty.shop.models import Branch
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers

CHUNK = 5_000
# By customer, so that accounts are locked in the order every other writer locks them.
_STAGED = """
SELECT coalesce(c.merged_into_id, c.id) AS customer_id, branch_id, reference, amount_minor,
    fees_minor, bill, occurred_at, occurred_on
FROM import_sale s LEFT JOIN customers_customer c ON c.id = s.customer_id
WHERE kind = 'sale'
ORDER BY 1, occurred_at, line
"""
Staged = tuple[int | None, int | None, str, int, int, str | None, datetime, date]


@dataclass
class Tally:
    purchases: int = 0
    points: int = 0


def record_staged(
    *, batch: ImportBatch, at: datetime, total: int, report: Report, chunk: int = CHUNK
) -> Tally:
    """Record every staged sale as part of `batch`, `chunk` sales at a time; return the sums."""
    tally, course, branch_keys = Tally(), tiers.course_of(get_shop().zone), _branch_keys()
    with connection.chunked_cursor() as cursor:
        cursor.execute(_STAGED)
        while rows := cursor.fetchmany(chunk):
            sales = [_sale(row, branch_keys, batch=batch, at=at) for row in rows]
            purchases = [purchase for purchase, _credit in record_many(sales, course)]
            tally.purchases += len(purchases)
            tally.points += sum(purchase.points for purchase in purchases)
            report("recording", tally.purchases, total)
    return tally


def tell_planner() -> None:
    """Let the database look at the tables that have grown, so that what reads them next is fast."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT purchases_analyze()")


def _branch_keys() -> dict[int | None, str]:
    return {None: "", **dict(Branch.objects.values_list("pk", "key"))}


def _sale(
    row: Staged, branch_keys: dict[int | None, str], *, batch: ImportBatch, at: datetime
) -> Sale:
    customer_id, branch_id, reference, amount_minor, fees_minor, told, occurred_at, day = row
    return Sale(
        source=batch.source,
        reference=reference,
        customer_id=customer_id,
        branch_id=branch_id,
        branch_key=branch_keys[branch_id],
        bill=bill_of(json.loads(told or "[]"), amount_minor=amount_minor, fees_minor=fees_minor),
        at=occurred_at,
        on=day,
        recorded_at=at,
        by_id=batch.recorded_by_id,
        batch_id=batch.pk,
    )
