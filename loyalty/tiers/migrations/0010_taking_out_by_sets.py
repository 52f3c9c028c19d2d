from django.db import migrations

# Events that turn out never to have counted, some ten thousand a call: each gets a row that takes it
# out, once. They go in with the triggers of rows at rest; what they name is read from the rows they
# take out, which stay, and their customers are held.
TAKE_OUT = """
CREATE FUNCTION tiers_take_out_many(
    by_source text, ref text, sources text[], refs text[], known_at timestamptz
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    ids bigint[] := ARRAY(
        SELECT q.id FROM unnest(sources, refs) AS i (source, reference)
        JOIN tiers_qualification q USING (source, reference)
        WHERE q.undoes_id IS NULL
            AND NOT EXISTS (SELECT FROM tiers_qualification u WHERE u.undoes_id = q.id)
        ORDER BY q.id
    );
BEGIN
    PERFORM shop_hold_parents('customers_customer', ARRAY(
        SELECT DISTINCT q.customer_id FROM tiers_qualification q WHERE q.id = ANY (ids)
    ));
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO tiers_qualification
        (customer_id, source, reference, spend_minor, points, occurred_at, recorded_at, undoes_id)
    SELECT q.customer_id, by_source, ref || ':' || q.id, -q.spend_minor, -q.points, q.occurred_at,
        known_at, q.id
    FROM tiers_qualification q WHERE q.id = ANY (ids) ORDER BY q.id;
    PERFORM shop_rest_row_triggers(false);
END $$;
"""
DROP = "DROP FUNCTION tiers_take_out_many(text, text, text[], text[], timestamptz);"


class Migration(migrations.Migration):
    dependencies = [("tiers", "0009_events_by_sets"), ("shop", "0004_resting_triggers")]

    operations = [migrations.RunSQL(TAKE_OUT, DROP)]
