"""
Writing a part of the staged sales: one statement a table. What the stage and the lines of the part
say goes to the verbs of the ledger, the tiers and the sales, which prove what they have written.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from loyalty.purchases import activity
from loyalty.purchases.imports.making import Batch, Kept, Made
from loyalty.purchases.models import CapUse
from loyalty.purchases.writing import cap_uses, keep_lines, lines_of, row_of
from loyalty.tiers import services as tiers

_OPEN = """
DROP TABLE IF EXISTS pg_temp.import_made, pg_temp.import_part, pg_temp.import_earned;
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
# What a till's own `request_hash` comes to, for sales that are a sum alone.
_JOIN = """
CREATE TEMP TABLE import_part ON COMMIT DROP AS
SELECT *, coalesce(request_hash, encode(sha256(convert_to(concat_ws(
        '/', coalesce(customer_id::text, 'None'), coalesce(branch_id::text, 'None'), amount_minor
    ), 'UTF8')), 'hex')) AS asked
FROM import_ready JOIN import_made USING (place)
WHERE place BETWEEN %(first)s AND %(last)s
ORDER BY customer_id, occurred_at, line;
ANALYZE import_part (place);
"""
_SALES = "SELECT * FROM import_part ORDER BY customer_id, occurred_at, line"
_EARN = f"""
CREATE TEMP TABLE import_earned ON COMMIT DROP AS
SELECT c.places[e.place] AS place, e.entry_id
FROM (
    SELECT array_agg(place) AS places, array_agg(customer_id) AS customers,
        array_agg(points::bigint) AS points, array_agg(reference) AS refs,
        array_agg(version_id) AS versions, array_agg(why) AS whys,
        array_agg(usable_from) AS starts, array_agg(expires_on) AS days,
        array_agg(occurred_at) AS moments
    FROM ({_SALES}) s WHERE points > 0
) c, LATERAL ledger_earn_many(
    %(source)s, customers, points, refs, versions, whys,
    ARRAY(SELECT one FROM jsonb_array_elements(%(whys)s::jsonb) WITH ORDINALITY AS w (one, nth)
        ORDER BY nth),
    starts, days, moments, %(at)s, %(by)s
) e
WHERE c.places IS NOT NULL;
ANALYZE import_earned;
"""  # noqa: S608 (ours, as all that follow)
_COUNT = f"""
SELECT tiers_record_many(
    %(source)s, array_agg(customer_id), array_agg(reference),
    array_agg(amount_minor - uncounted_minor), array_agg(tier_points), array_agg(occurred_at),
    %(at)s, %(movers)s::bigint[], %(came_from)s::text[], %(went_to)s::text[], %(why)s::text[],
    %(counted)s::bigint[], %(versions)s::bigint[], %(moved_at)s::timestamptz[]
)
FROM ({_SALES}) s WHERE customer_id IS NOT NULL
HAVING count(*) > 0
"""  # noqa: S608
# The balance that each sale left is what its customer has now, less what later ones brought.
_SELL = f"""
SELECT c.places[p.place], p.purchase_id
FROM (
    SELECT array_agg(place) AS places, array_agg(customer_id) AS customers,
        array_agg(branch_id) AS branches, array_agg(reference) AS refs, array_agg(asked) AS hashes,
        array_agg(amount_minor) AS amounts, array_agg(shipping_minor) AS shipping,
        array_agg(uncounted_minor) AS uncounted, array_agg(of_tier) AS of_tier,
        array_agg(points) AS points, array_agg(entry_id) AS entries, array_agg(balance) AS balances,
        array_agg(tier_before) AS before, array_agg(tier_after) AS after,
        array_agg(occurred_at) AS moments, array_agg(occurred_on) AS days
    FROM (
        SELECT s.*, e.entry_id,
            CASE WHEN s.customer_id IS NOT NULL AND tier_points <> points
                THEN tier_points::int END AS of_tier,
            coalesce(a.balance + sum(points) OVER upto - sum(points) OVER theirs, 0)::bigint
                AS balance
        FROM ({_SALES}) s
        LEFT JOIN import_earned e USING (place)
        LEFT JOIN ledger_account a ON a.customer_id = s.customer_id
        WINDOW theirs AS (PARTITION BY s.customer_id),
            upto AS (PARTITION BY s.customer_id ORDER BY occurred_at, line)
        ORDER BY s.customer_id, occurred_at, line
    ) one
) c, LATERAL purchases_record_many(
    %(source)s, %(batch)s, customers, branches, refs, hashes, amounts, shipping, uncounted, of_tier,
    points, entries, balances, before, after, moments, days, %(at)s, %(by)s
) p
WHERE c.places[p.place] = ANY (%(kept)s::int[])
"""  # noqa: S608
_ACTIVE = """
SELECT customer_id, occurred_on, amount_minor FROM import_part WHERE customer_id IS NOT NULL
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
        "kept": [one.place for one in made.kept],
        "whys": f"[{','.join(made.whys)}]",
        **tiers.moves_by_column(made.ends),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        with cursor.copy(_COPY) as copy:
            copy.write("".join(made.lines))
        cursor.execute(_JOIN, told)
        cursor.execute(_EARN, told)
        cursor.execute(_COUNT, told)
        cursor.execute(_SELL, told)
        ids = dict(cursor.fetchall())
        activity.add_from(cursor, _ACTIVE, told)
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
