from django.db import migrations

# Sales that are voided whole, some ten thousand a call. Their refunds go in with the triggers of rows
# at rest, and what those would have done is done for all of them; then it is proved.
VOID = """
CREATE FUNCTION purchases_void_many(
    from_source text, sales bigint[], refs text[], taken bigint[], entries bigint[],
    balances bigint[], why text, moment timestamptz, day date, known_at timestamptz, actor bigint
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    numbering regclass := pg_get_serial_sequence('purchases_refund', 'id');
    ids bigint[] := ARRAY(SELECT nextval(numbering) FROM unnest(sales));
    held int;
BEGIN
    SELECT count(*) INTO held FROM (
        SELECT FROM purchases_purchase
        WHERE id = ANY (sales) AND stands AND spent_entry_id IS NULL
        ORDER BY id FOR NO KEY UPDATE
    ) AS p;
    IF (held, held, held, held, held) IS DISTINCT FROM (
        cardinality(sales), cardinality(refs), cardinality(taken), cardinality(entries),
        cardinality(balances)
    ) THEN
        RAISE EXCEPTION 'a sale does not stand, or points paid for it, or it is not told once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM shop_hold_parents('shop_user', ARRAY[actor]);
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO purchases_refund (
        id, purchase_id, kind, source, reference, request_hash, amount_minor, points_due,
        points_taken, entry_id, balance_after, reason, occurred_at, occurred_on, recorded_at,
        recorded_by_id
    )
    SELECT i.id, p.id, 'void', from_source, i.ref, '', p.amount_minor - p.refunded_minor,
        p.points - (
            SELECT coalesce(sum(r.points_due), 0) FROM purchases_refund r WHERE r.purchase_id = p.id
        ), i.points, i.entry_id, i.balance, why, moment, day, known_at, actor
    FROM unnest(ids, sales, refs, taken, entries, balances)
        AS i (id, sale_id, ref, points, entry_id, balance)
    JOIN purchases_purchase p ON p.id = i.sale_id;
    INSERT INTO purchases_refundline (refund_id, line_id, quantity, amount_minor)
    SELECT i.id, l.id, l.quantity - l.refunded_quantity, l.net_minor - l.refunded_minor
    FROM unnest(ids, sales) AS i (id, sale_id)
    JOIN purchases_purchaseline l ON l.purchase_id = i.sale_id
    WHERE l.quantity > l.refunded_quantity OR l.net_minor > l.refunded_minor
    ORDER BY i.id, l.number;
    IF current_setting('session_replication_role') = 'replica' THEN
        -- What the triggers of each refund and of each of its lines do.
        UPDATE purchases_purchase SET refunded_minor = amount_minor, voided = true
            WHERE id = ANY (sales);
        UPDATE purchases_purchaseline SET refunded_minor = net_minor, refunded_quantity = quantity
            WHERE purchase_id = ANY (sales)
                AND (quantity > refunded_quantity OR net_minor > refunded_minor);
        UPDATE purchases_discountuse SET freed = true WHERE purchase_id = ANY (sales) AND NOT freed;
        UPDATE purchases_capuse SET freed = true WHERE purchase_id = ANY (sales) AND NOT freed;
    END IF;
    PERFORM shop_rest_row_triggers(false);
    PERFORM purchases_prove_voided(ids);
END $$;
"""
# The foreign keys and triggers of refunds and their lines, of many at once: each sale is given back
# to the last đồng and point, with its lines and what it used up, and the entry is this very refund's.
PROVE = """
CREATE FUNCTION purchases_prove_voided(ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
-- By their indexes, row for row: the tables may be many times larger than what is proved.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT min(i) INTO wrong FROM unnest(ids) AS i
    LEFT JOIN purchases_refund r ON r.id = i
    LEFT JOIN purchases_purchase p ON p.id = r.purchase_id
    LEFT JOIN ledger_entry e ON e.id = r.entry_id
    CROSS JOIN LATERAL (
        SELECT sum(b.amount_minor) AS minor, sum(b.points_due) AS points
        FROM purchases_refund b WHERE b.purchase_id = p.id
    ) b
    CROSS JOIN LATERAL (
        SELECT bool_and((l.refunded_minor, l.refunded_quantity) = (l.net_minor, l.quantity)
                AND (l.refunded_minor, l.refunded_quantity) = (t.minor, t.quantity)) AS are_back,
            sum(t.minor_now) AS minor
        FROM purchases_purchaseline l
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(t.amount_minor), 0) AS minor, coalesce(sum(t.quantity), 0) AS quantity,
                coalesce(sum(t.amount_minor) FILTER (WHERE t.refund_id = r.id), 0) AS minor_now
            FROM purchases_refundline t WHERE t.line_id = l.id
        ) t
        WHERE l.purchase_id = p.id
    ) l
    WHERE (
        p.voided AND r.kind = 'void'
        AND (p.refunded_minor, b.minor, b.points) = (p.amount_minor, p.amount_minor, p.points)
        AND coalesce(l.are_back, true) AND coalesce(l.minor, r.amount_minor) = r.amount_minor
        AND (r.entry_id IS NULL OR (
            (e.account_id, e.points, e.balance_after, e.source, e.reference, e.kind, e.reverses_id)
            = (p.customer_id, -r.points_taken, r.balance_after, r.source, 'refund:' || r.reference,
                'reverse', p.entry_id)
        ) IS TRUE)
        AND NOT EXISTS (
            SELECT FROM purchases_discountuse u WHERE u.purchase_id = p.id AND NOT u.freed
        )
        AND NOT EXISTS (SELECT FROM purchases_capuse u WHERE u.purchase_id = p.id AND NOT u.freed)
    ) IS NOT TRUE;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'refund % does not void its sale', wrong
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
"""
DROP = """
DROP FUNCTION purchases_void_many(text, bigint[], text[], bigint[], bigint[], bigint[], text,
    timestamptz, date, timestamptz, bigint);
DROP FUNCTION purchases_prove_voided(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("purchases", "0025_column_maps"),
        ("ledger", "0021_taking_back_by_sets"),
        ("shop", "0004_resting_triggers"),
    ]

    operations = [migrations.RunSQL(PROVE + VOID, DROP)]
