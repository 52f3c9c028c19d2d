"""
Voiding the sales of an import, some thousands at a time, one statement a table: what `void_purchase`
does to one, but for what counts for its customer, which is counted anew. What is left of each sale
is the database's to say; the verbs of the ledger, the sales and the tiers prove what they have
written.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from loyalty.dates import local_date
from loyalty.ledger.models import MAX_POINTS
from loyalty.purchases.imports.posting import tell_planner
from loyalty.purchases.imports.progress import Report
from loyalty.purchases.models import ImportBatch
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop

SOURCE = "undo"
CHUNK = 5_000  # Sales.
CUSTOMERS = 1_000
# Of each customer the newest sales first: what they earned was the last to come in.
_STAGE = """
DROP TABLE IF EXISTS pg_temp.undo_sale;
CREATE TEMP TABLE undo_sale ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY customer_id, occurred_at DESC, id DESC) AS place, id, customer_id
FROM purchases_purchase WHERE batch_id = %(batch)s;
CREATE INDEX ON undo_sale (place);
CREATE INDEX ON undo_sale (customer_id);
ANALYZE undo_sale;
"""
_LOCK = """
SELECT count(*) FROM ledger_lock_kept(ARRAY(
    SELECT customer_id FROM undo_sale WHERE customer_id IS NOT NULL
    UNION SELECT unnest(%s::bigint[]) ORDER BY 1
))
"""
_HOLD = """
SELECT count(*) FROM (
    SELECT FROM purchases_purchase p
    WHERE p.id IN (SELECT id FROM undo_sale WHERE place BETWEEN %(first)s AND %(last)s)
    ORDER BY p.id FOR NO KEY UPDATE
) AS held
"""
# What is left of each sale that stands, and what the entry that takes its points back says of it.
_PART = """
DROP TABLE IF EXISTS pg_temp.undo_part, pg_temp.undo_taken;
CREATE TEMP TABLE undo_part ON COMMIT DROP AS
SELECT s.place, p.id, %(batch)s || ':' || p.id AS reference, p.entry_id, p.points - (
        SELECT coalesce(sum(r.points_due), 0) FROM purchases_refund r WHERE r.purchase_id = p.id
    ) AS due,
    jsonb_build_object(
        'sale', p.reference, 'sale_minor', p.amount_minor, 'sale_points', p.points,
        'refunded_before_minor', p.refunded_minor, 'refund_minor', p.amount_minor - p.refunded_minor
    ) || coalesce(l.lines, '{}') AS explanation
FROM undo_sale s JOIN purchases_purchase p USING (id)
LEFT JOIN LATERAL (
    SELECT jsonb_build_object('lines', jsonb_agg(jsonb_build_object(
        'line', l.number, 'quantity', (l.quantity - l.refunded_quantity)::text,
        'minor', l.net_minor - l.refunded_minor
    ) ORDER BY l.number)) AS lines
    FROM purchases_purchaseline l
    WHERE l.purchase_id = p.id
        AND (l.quantity > l.refunded_quantity OR l.net_minor > l.refunded_minor)
    HAVING count(*) > 0
) l ON true
WHERE s.place BETWEEN %(first)s AND %(last)s AND p.stands;
ANALYZE undo_part;
"""
_TAKE_BACK = """
CREATE TEMP TABLE undo_taken ON COMMIT DROP AS
SELECT c.ids[t.place] AS id, t.entry_id, t.taken, t.balance_after
FROM (
    SELECT array_agg(id) AS ids, array_agg(entry_id) AS credits, array_agg(due) AS due,
        array_agg('refund:' || reference) AS refs, array_agg(explanation) AS explanations
    FROM (SELECT * FROM undo_part WHERE due > 0 ORDER BY place) s
) c, LATERAL ledger_take_back_many(
    %(source)s, credits, due, %(lowest)s, refs, explanations, %(why)s, %(day)s, %(zone)s, %(at)s,
    %(at)s, %(by)s
) t
WHERE c.ids IS NOT NULL
"""
_VOID = """
SELECT purchases_void_many(
    %(source)s, array_agg(id), array_agg(reference), array_agg(coalesce(taken, 0)),
    array_agg(entry_id), array_agg(coalesce(balance_after, 0)), %(why)s, %(at)s, %(day)s, %(at)s,
    %(by)s
)
FROM (
    SELECT p.id, p.reference, t.entry_id, t.taken, t.balance_after
    FROM undo_part p LEFT JOIN undo_taken t USING (id) ORDER BY p.place
) s
HAVING count(*) > 0
"""
# What the sales of the part counted for, and what refunds of them took off again.
_TAKE_OUT = """
SELECT tiers_take_out_many(
    %(source)s, %(batch)s::text, array_agg(source), array_agg(reference), %(at)s
)
FROM (
    SELECT p.source, p.reference FROM undo_sale s JOIN purchases_purchase p USING (id)
    WHERE s.place BETWEEN %(first)s AND %(last)s AND s.customer_id IS NOT NULL
    UNION ALL
    SELECT r.source, 'refund:' || r.reference
    FROM undo_sale s JOIN purchases_refund r ON r.purchase_id = s.id
    WHERE s.place BETWEEN %(first)s AND %(last)s AND s.customer_id IS NOT NULL
) e
HAVING count(*) > 0
"""
_CUSTOMERS = """
SELECT DISTINCT customer_id FROM undo_sale WHERE customer_id > %s ORDER BY customer_id LIMIT %s
"""


def stage(batch: ImportBatch) -> int:
    """Put the sales of the batch in order, until the transaction ends; return how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(_STAGE, {"batch": batch.pk})
        cursor.execute("SELECT count(*) FROM undo_sale")
        return int(cursor.fetchone()[0])


def lock_customers(others: Sequence[int]) -> None:
    """Lock the accounts of all whose sales are staged, and of these `others`, in one order."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(others)])


def void_staged(
    batch: ImportBatch, total: int, *, at: datetime, by: User | None, report: Report
) -> None:
    """
    Void all staged sales that stand, and let none of them have counted for a tier. The caller holds
    the accounts of their customers, and has looked that their points are not used; counting the
    tiers again is left to it.
    """
    shop = get_shop()
    told: dict[str, Any] = {
        "batch": batch.pk,
        "source": SOURCE,
        "lowest": -MAX_POINTS,
        "why": _("Import undone"),
        "at": at,
        "day": local_date(at, shop.zone),
        "zone": shop.time_zone,
        "by": by.pk if by else None,
    }
    for first in range(1, total + 1, CHUNK):
        last = min(first + CHUNK - 1, total)
        with connection.cursor() as cursor:
            for statement in (_HOLD, _PART, _TAKE_BACK, _VOID, _TAKE_OUT):
                cursor.execute(statement, told | {"first": first, "last": last})
        if first == 1 and last < total:
            tell_planner()
        report("undoing", last, total)


def staged_customers() -> Iterator[list[int]]:
    """Whose sales are staged, some at a time."""
    newest = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_CUSTOMERS, [newest, CUSTOMERS])
            ids = [pk for (pk,) in cursor.fetchall()]
            if not ids:
                return
            yield ids
            newest = ids[-1]
