"""How rows become sales, and how sales without a number are named: one way for each `group_by`."""

from loyalty.purchases.imports.layout import GroupBy

# `lines` are those of the file; `bill` is what the receipt lists, null where it lists nothing.
SALES = {
    GroupBy.ROW: """
CREATE TEMP TABLE import_sale AS
SELECT ARRAY[r.line] AS lines, r.line, r.person, p.customer_id, r.occurred_at, r.occurred_on,
    abs(r.amount_minor) AS amount_minor, 0::bigint AS fees_minor,
    CASE WHEN r.detail <> '' THEN jsonb_build_array(r.detail::jsonb) END AS bill,
    CASE WHEN r.kind = 'sale' AND r.amount_minor < 0 THEN 'return' ELSE r.kind END AS kind,
    r.return_of, r.branch_id, nullif(r.reference, '') AS reference, NULL::text AS problem,
    row_number() OVER (
        PARTITION BY coalesce(p.customer_id::text, r.person), r.occurred_at, r.amount_minor
        ORDER BY r.line
    ) AS nth
FROM import_row r LEFT JOIN import_person p USING (person)
WHERE r.problem IS NULL
""",
    GroupBy.CUSTOMER_DAY: """
CREATE TEMP TABLE import_sale AS
SELECT array_agg(r.line ORDER BY r.line) AS lines, min(r.line) AS line, min(r.person) AS person,
    p.customer_id, min(r.occurred_at) AS occurred_at, r.occurred_on,
    sum(r.amount_minor)::bigint AS amount_minor, 0::bigint AS fees_minor,
    jsonb_agg(r.detail::jsonb ORDER BY r.line) FILTER (WHERE r.detail <> '') AS bill,
    'sale' AS kind, '' AS return_of,
    (array_agg(r.branch_id ORDER BY r.occurred_at, r.line))[1] AS branch_id,
    NULL::text AS reference, NULL::text AS problem, 1 AS nth
FROM import_row r JOIN import_person p USING (person)
WHERE r.problem IS NULL AND r.kind = 'sale'
GROUP BY coalesce(p.customer_id::text, r.person), p.customer_id, r.occurred_on
""",
    # What was paid for a receipt is its total where the file says one, else the sum of its lines;
    # what is more than these come to is for no goods, what is less was taken off all of them.
    GroupBy.RECEIPT: """
CREATE TEMP TABLE import_sale AS
SELECT g.lines, g.line, g.person, p.customer_id, g.occurred_at, g.occurred_on,
    CASE WHEN g.paid < 0 OR g.kind <> 'sale' THEN abs(g.paid) ELSE least(g.paid, g.goods) END
        AS amount_minor,
    greatest(g.paid - g.goods, 0) AS fees_minor, g.bill,
    CASE WHEN g.kind = 'sale' AND g.paid < 0 THEN 'return' ELSE g.kind END AS kind,
    g.return_of, g.branch_id, g.reference, g.problem, 1 AS nth
FROM (
    SELECT array_agg(line ORDER BY line) AS lines, min(line) AS line, max(person) AS person,
        min(occurred_at) AS occurred_at, min(occurred_on) AS occurred_on,
        coalesce(min(total_minor), sum(amount_minor))::bigint AS paid,
        coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0)::bigint AS goods,
        jsonb_agg(detail::jsonb ORDER BY line) FILTER (WHERE detail <> '') AS bill,
        CASE WHEN bool_or(kind = 'cancelled') THEN 'cancelled'
             WHEN bool_or(kind = 'return') THEN 'return' ELSE 'sale' END AS kind,
        max(return_of) AS return_of, (array_agg(branch_id ORDER BY line))[1] AS branch_id,
        reference,
        CASE WHEN count(DISTINCT person) > 1 OR count(DISTINCT branch_id) > 1
                OR count(DISTINCT total_minor) > 1 THEN 'mixed'
             WHEN count(*) > 1000 THEN 'too_long' END AS problem
    FROM import_row WHERE problem IS NULL
    GROUP BY reference
) g LEFT JOIN import_person p USING (person)
""",
}
# What a sale without a number is called, once its customer has one: by that, never by a name or phone.
NAMES = {
    GroupBy.ROW: """
concat_ws(':', 'row', coalesce(customer_id, 0),
    to_char(occurred_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS'),
    CASE kind WHEN 'return' THEN -amount_minor ELSE amount_minor END, nth)
""",
    GroupBy.RECEIPT: "reference",
    GroupBy.CUSTOMER_DAY: "concat_ws(':', 'day', customer_id, to_char(occurred_on, 'YYYYMMDD'))",
}
