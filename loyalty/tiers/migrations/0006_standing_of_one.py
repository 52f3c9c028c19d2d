from django.db import migrations

# What a sale at the till does to its customer's standing, when nobody has touched that since it was
# looked at: `seen` is the version of its row (who wrote it, and its place), null when there was none. False: somebody has,
# and nothing was written. The caller holds the lock of the account.
KEEP = """
CREATE FUNCTION tiers_keep(
    customer bigint, seen text, from_source text, ref text, spend bigint, earned bigint,
    moment timestamptz, known_at timestamptz,
    tier text, own_tier text, all_spend bigint, all_points bigint, all_visits int, last_visit date,
    since_when timestamptz, held date, given_tier text, given_through date, version bigint,
    counted timestamptz, settled date, moves jsonb
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF seen IS NOT NULL THEN
        UPDATE tiers_standing s SET
            tier_key = tier, earned_key = own_tier, spend_minor = all_spend, points = all_points,
            visits = all_visits, last_visit_on = last_visit, since = since_when,
            held_through = held, floor_key = given_tier, floor_through = given_through,
            programme_version_id = version, counted_at = counted, settled_on = settled
            WHERE s.customer_id = customer AND s.xmin::text || s.ctid::text = seen;
    ELSE
        INSERT INTO tiers_standing (
            customer_id, tier_key, earned_key, spend_minor, points, visits, last_visit_on, since,
            held_through, floor_key, floor_through, programme_version_id, counted_at, settled_on
        ) VALUES (
            customer, tier, own_tier, all_spend, all_points, all_visits, last_visit, since_when,
            held, given_tier, given_through, version, counted, settled
        ) ON CONFLICT DO NOTHING;
    END IF;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO tiers_qualification (
        customer_id, source, reference, spend_minor, points, occurred_at, recorded_at
    ) VALUES (customer, from_source, ref, spend, earned, moment, known_at);
    IF moves IS NOT NULL THEN
        INSERT INTO tiers_tierchange (
            customer_id, from_key, to_key, reason, spend_minor, programme_version_id, occurred_at,
            recorded_at
        )
        SELECT customer, m.from_key, m.to_key, m.why, m.spend_minor, m.version_id, m.at, known_at
        FROM jsonb_to_recordset(moves) AS m (
            from_key text, to_key text, why text, spend_minor bigint, version_id bigint,
            at timestamptz
        );
    END IF;
    RETURN true;
END $$;
"""
DROP = """
DROP FUNCTION tiers_keep(
    bigint, text, text, text, bigint, bigint, timestamptz, timestamptz, text, text, bigint, bigint,
    int, date, timestamptz, date, text, date, bigint, timestamptz, date, jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("tiers", "0005_merging")]

    operations = [migrations.RunSQL(KEEP, DROP)]
