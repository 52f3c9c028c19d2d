from django.db import migrations

# What sums up each customer's purchases, with these counted in; those of nobody count for nobody. By
# customer, so that two writers lock rows in the same order.
ACTIVITY = """
CREATE OR REPLACE FUNCTION purchases_add_activity(
    customers bigint[], days date[], amounts bigint[]
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO purchases_activity (customer_id, first_on, last_on, purchases, spend_minor)
    SELECT customer_id, min(day), max(day), count(*), sum(amount)
    FROM unnest(customers, days, amounts) AS i (customer_id, day, amount)
    WHERE customer_id IS NOT NULL
    GROUP BY customer_id
    ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE SET
        first_on = least(purchases_activity.first_on, excluded.first_on),
        last_on = greatest(purchases_activity.last_on, excluded.last_on),
        purchases = purchases_activity.purchases + excluded.purchases,
        spend_minor = purchases_activity.spend_minor + excluded.spend_minor;
END $$;
"""
# As in 0029, in the words of the function above.
RECORD = """
CREATE OR REPLACE FUNCTION purchases_record_many(
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
    PERFORM purchases_add_activity(customers, days, amounts);
    PERFORM shop_rest_row_triggers(false);
    PERFORM purchases_prove_earned(ids);
    RETURN ids;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0030_proof_reads_its_part")]

    operations = [migrations.RunSQL(ACTIVITY + RECORD, migrations.RunSQL.noop)]
