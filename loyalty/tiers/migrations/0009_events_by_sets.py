from django.db import migrations

# The events and moves of a file of past sales, some ten thousand a call. They go in with the triggers
# of rows at rest; that their customers and versions are there, and stay, is seen to for all at once.
RECORD = """
CREATE FUNCTION tiers_record_many(
    from_source text, customers bigint[], refs text[], spent bigint[], earned bigint[],
    moments timestamptz[], known_at timestamptz, movers bigint[], came_from text[], went_to text[],
    why text[], counted bigint[], versions bigint[], moved_at timestamptz[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    PERFORM shop_hold_parents('customers_customer', customers || movers);
    PERFORM shop_hold_parents('programme_programmeversion', versions);
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO tiers_qualification
        (customer_id, source, reference, spend_minor, points, occurred_at, recorded_at)
    SELECT i.customer_id, from_source, i.ref, i.spent, i.earned, i.at, known_at
    FROM unnest(customers, refs, spent, earned, moments) AS i (customer_id, ref, spent, earned, at);
    INSERT INTO tiers_tierchange (customer_id, from_key, to_key, reason, spend_minor,
        programme_version_id, occurred_at, recorded_at)
    SELECT i.customer_id, i.came_from, i.went_to, i.why, i.counted, i.version_id, i.at, known_at
    FROM unnest(movers, came_from, went_to, why, counted, versions, moved_at)
        AS i (customer_id, came_from, went_to, why, counted, version_id, at);
    PERFORM shop_rest_row_triggers(false);
END $$;
"""
DROP = """
DROP FUNCTION tiers_record_many(
    text, bigint[], text[], bigint[], bigint[], timestamptz[], timestamptz, bigint[], text[],
    text[], text[], bigint[], bigint[], timestamptz[]);
"""


class Migration(migrations.Migration):
    dependencies = [("tiers", "0008_undone"), ("shop", "0004_resting_triggers")]

    operations = [migrations.RunSQL(RECORD, DROP)]
