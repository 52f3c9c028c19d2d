from django.db import migrations

# Where many customers stand now. The rows go in with the triggers of rows at rest, as in 0009: that
# their customers and versions are there, and stay, is seen to for all at once.
KEEP = """
CREATE FUNCTION tiers_keep_many(
    customers bigint[], tier_keys text[], earned_keys text[], spent bigint[], earned bigint[],
    visits int[], last_visits date[], since timestamptz[], held date[], floor_keys text[],
    floors date[], versions bigint[], counted timestamptz[], settled date[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    PERFORM shop_hold_parents('customers_customer', customers);
    PERFORM shop_hold_parents('programme_programmeversion', versions);
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO tiers_standing (customer_id, tier_key, earned_key, spend_minor, points, visits,
        last_visit_on, since, held_through, floor_key, floor_through, programme_version_id,
        counted_at, settled_on)
    SELECT * FROM unnest(customers, tier_keys, earned_keys, spent, earned, visits, last_visits,
        since, held, floor_keys, floors, versions, counted, settled)
    ON CONFLICT (customer_id) DO UPDATE SET
        tier_key = excluded.tier_key, earned_key = excluded.earned_key,
        spend_minor = excluded.spend_minor, points = excluded.points, visits = excluded.visits,
        last_visit_on = excluded.last_visit_on, since = excluded.since,
        held_through = excluded.held_through, floor_key = excluded.floor_key,
        floor_through = excluded.floor_through,
        programme_version_id = excluded.programme_version_id, counted_at = excluded.counted_at,
        settled_on = excluded.settled_on;
    PERFORM shop_rest_row_triggers(false);
END $$;
"""
DROP = """
DROP FUNCTION tiers_keep_many(bigint[], text[], text[], bigint[], bigint[], int[], date[],
    timestamptz[], date[], text[], date[], bigint[], timestamptz[], date[]);
"""


class Migration(migrations.Migration):
    dependencies = [("tiers", "0011_undoing_is_rare")]

    operations = [migrations.RunSQL(KEEP, DROP)]
