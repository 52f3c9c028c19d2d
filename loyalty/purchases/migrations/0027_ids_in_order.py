from django.db import migrations

# As in 0020; it answers with the sales' ids as one array, in the order of what it was given.
RECORD = """
CREATE FUNCTION purchases_record_many(
    from_source text, batch bigint, customers bigint[], branches bigint[], refs text[],
    hashes text[], amounts bigint[], shipping bigint[], uncounted bigint[], of_tier int[],
    earned bigint[], entries bigint[], balances bigint[], before text[],
    after text[], moments timestamptz[], days date[], known_at timestamptz, actor bigint
) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    numbering regclass := pg_get_serial_sequence('purchases_purchase', 'id');
    ids bigint[] := ARRAY(SELECT nextval(numbering) FROM unnest(refs));
BEGIN
    PERFORM shop_hold_parents('customers_customer', customers);
    PERFORM shop_hold_parents('shop_branch', branches);
    PERFORM shop_hold_parents('purchases_importbatch', ARRAY[batch]);
    PERFORM shop_hold_parents('shop_user', ARRAY[actor]);
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO purchases_purchase (
        id, customer_id, branch_id, source, reference, request_hash, amount_minor,
        shipping_minor, uncounted_minor, tier_points, points, entry_id,
        balance_after, tier_before, tier_after, occurred_at, occurred_on, recorded_at,
        recorded_by_id, batch_id
    )
    SELECT i.id, i.customer_id, i.branch_id, from_source, i.ref, i.hash, i.amount, i.shipping,
        i.uncounted, i.of_tier, i.earned, i.entry_id, i.balance, i.before, i.after,
        i.at, i.day, known_at, actor, batch
    FROM unnest(
        ids, customers, branches, refs, hashes, amounts, shipping, uncounted, of_tier,
        earned, entries, balances, before, after, moments, days
    ) AS i (id, customer_id, branch_id, ref, hash, amount, shipping, uncounted, of_tier,
        earned, entry_id, balance, before, after, at, day);
    PERFORM shop_rest_row_triggers(false);
    PERFORM purchases_prove_earned(ids);
    RETURN ids;
END $$;
"""
# The rows lie together in their indexes, so each table is read in one go.
PROVE = """
CREATE OR REPLACE FUNCTION purchases_prove_earned(ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_nestloop = off SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
    first bigint := (SELECT min(i) FROM unnest(ids) AS i);
    last bigint := (SELECT max(i) FROM unnest(ids) AS i);
    first_entry bigint;
    last_entry bigint;
BEGIN
    SELECT min(entry_id), max(entry_id) INTO first_entry, last_entry
    FROM purchases_purchase WHERE id BETWEEN first AND last;
    SELECT min(i) INTO wrong FROM unnest(ids) AS i
    LEFT JOIN purchases_purchase p ON p.id = i AND p.id BETWEEN first AND last
    LEFT JOIN ledger_entry e ON e.id = p.entry_id AND e.id BETWEEN first_entry AND last_entry
    WHERE p.id IS NULL OR p.entry_id IS NOT NULL AND
        (e.account_id, e.points, e.balance_after, e.source, e.reference, e.kind)
        IS DISTINCT FROM
        (p.customer_id, p.points, p.balance_after, p.source, p.reference, 'earn');
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'sale % names the entry of another', wrong
            USING ERRCODE = 'foreign_key_violation';
    END IF;
END $$;
"""
DROP = """
DROP FUNCTION purchases_record_many(
    text, bigint, bigint[], bigint[], text[], text[], bigint[], bigint[], bigint[], int[],
    int[], bigint[], bigint[], text[], text[], timestamptz[], date[], timestamptz,
    bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("purchases", "0026_voiding_by_sets"),
        ("ledger", "0022_earning_whole_parts"),
    ]

    operations = [migrations.RunSQL(DROP + RECORD + PROVE, migrations.RunSQL.noop)]
