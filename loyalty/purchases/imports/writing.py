"""
Writing a part of the staged sales. What the stage and the lines of the part say goes, column by
column, to the verbs of the ledger, the tiers and the sales, which prove what they have written.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from loyalty.purchases.imports.copying import column
from loyalty.purchases.imports.making import Batch, Kept, Made
from loyalty.purchases.models import CapUse
from loyalty.purchases.writing import cap_uses, keep_lines, lines_of, row_of
from loyalty.tiers import services as tiers

_OPEN = """
DROP TABLE IF EXISTS pg_temp.import_made;
CREATE TEMP TABLE import_made (
    place int NOT NULL, why int, points int NOT NULL, tier_points bigint NOT NULL,
    uncounted_minor bigint NOT NULL, shipping_minor bigint NOT NULL, version_id bigint NOT NULL,
    usable_from date, expires_on date, tier_before text NOT NULL, tier_after text NOT NULL,
    request_hash text
) ON COMMIT DROP
"""
_COPY = """
COPY import_made (place, why, points, tier_points, uncounted_minor, shipping_minor, version_id,
    usable_from, expires_on, tier_before, tier_after, request_hash) FROM STDIN
"""
# The columns of the part as arrays, once for all three verbs. A till's own `request_hash` is worked
# out for sales that are a sum alone. Earning comes before selling, which names what was earned.
_WRITE = """
WITH part AS MATERIALIZED (
    SELECT array_agg(place) AS places, array_agg(customer_id) AS customers,
        array_agg(branch_id) AS branches, array_agg(reference) AS refs,
        array_agg(coalesce(request_hash, encode(sha256(convert_to(concat_ws(
            '/', coalesce(customer_id::text, 'None'), coalesce(branch_id::text, 'None'),
            amount_minor), 'UTF8')), 'hex'))) AS hashes,
        array_agg(amount_minor) AS amounts, array_agg(shipping_minor) AS shipping,
        array_agg(uncounted_minor) AS uncounted, array_agg(points::bigint) AS points,
        array_agg(CASE WHEN customer_id IS NOT NULL AND tier_points <> points
            THEN tier_points::int END) AS of_tier,
        array_agg(version_id) AS versions, array_agg(why - %(forgotten)s) AS whys,
        array_agg(usable_from) AS starts, array_agg(expires_on) AS ends,
        array_agg(tier_before) AS before, array_agg(tier_after) AS after,
        array_agg(occurred_at) AS moments, array_agg(occurred_on) AS days,
        array_agg(customer_id) FILTER (WHERE known) AS counted,
        array_agg(reference) FILTER (WHERE known) AS counted_refs,
        array_agg(amount_minor - uncounted_minor) FILTER (WHERE known) AS spent,
        array_agg(tier_points) FILTER (WHERE known) AS earned,
        array_agg(occurred_at) FILTER (WHERE known) AS counted_at
    FROM (
        SELECT *, customer_id IS NOT NULL AS known FROM import_ready JOIN import_made USING (place)
        WHERE place BETWEEN %(first)s AND %(last)s
        ORDER BY customer_id, occurred_at, line
    ) sale
    HAVING count(*) > 0
), earned AS MATERIALIZED (
    SELECT e.entries, e.balances FROM part p, LATERAL ledger_earn_many(
        %(source)s, p.customers, p.points, p.refs, p.versions, p.whys,
        ARRAY(SELECT explanation FROM import_why WHERE number > %(forgotten)s ORDER BY number),
        p.starts, p.ends, p.moments, %(at)s, %(by)s
    ) e
), counted AS MATERIALIZED (
    SELECT tiers_record_many(
        %(source)s, p.counted, p.counted_refs, p.spent, p.earned, p.counted_at,
        %(at)s, %(movers)s::bigint[], %(came_from)s::text[], %(went_to)s::text[], %(why)s::text[],
        %(counted)s::bigint[], %(versions)s::bigint[], %(moved_at)s::timestamptz[]
    )
    FROM part p
), sold AS MATERIALIZED (
    SELECT p.places, purchases_record_many(
        %(source)s, %(batch)s, p.customers, p.branches, p.refs, p.hashes, p.amounts, p.shipping,
        p.uncounted, p.of_tier, p.points, e.entries, e.balances, p.before, p.after, p.moments,
        p.days, %(at)s, %(by)s
    ) AS ids
    FROM part p, earned e, counted
)
SELECT k.place, k.id FROM sold s, unnest(s.places, s.ids) AS k (place, id)
WHERE k.place = ANY (%(kept)s::int[])
"""


def write_part(made: Made, batch: Batch, *, first: int, last: int) -> None:
    """
    Write the staged sales of these places, and what they do to their customers. The caller holds
    the accounts' locks, and has looked that none of the sales is recorded.
    """
    told: dict[str, Any] = {
        "source": batch.source,
        "batch": batch.id,
        "at": batch.at,
        "by": batch.by_id,
        "first": first,
        "last": last,
        "forgotten": made.whys.forgotten,
        "kept": [one.place for one in made.kept],
        **tiers.moves_by_column(made.ends),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        with cursor.copy(_COPY) as copy:
            copy.write("".join(made.lines))
        cursor.execute("SELECT coalesce(max(number), 0) FROM import_why")
        told_before = cursor.fetchone()[0]
        with cursor.copy("COPY import_why FROM STDIN") as copy:
            whys = (f"{number}\t{column(why)}\n" for why, number in made.whys.after(told_before))
            copy.write("".join(whys))
        cursor.execute(_WRITE, told)
        ids = dict(cursor.fetchall())
    tiers.keep(made.ends)
    _keep_more(made.kept, ids)


def _keep_more(kept: Sequence[Kept], ids: dict[int, int]) -> None:
    """The lines of bills, and the rows that rules with a cap leave: both name the purchase."""
    rows = []
    for one in kept:
        row = row_of(one.sale, one.effect)
        row.pk = ids[one.place]
        rows.append((row, one))
    keep_lines(lines_of(row, one.sale, one.effect) for row, one in rows if one.sale.bill.lines)
    CapUse.objects.bulk_create(use for row, one in rows for use in cap_uses(row, one.effect))
