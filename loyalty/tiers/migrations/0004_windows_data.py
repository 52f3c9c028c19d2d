from django.db import migrations

# Standings of before knew lifetime spend alone. What they would know by now is in the rows below
# them: the points of each sale in the ledger, visits in the days of the qualifications.
POINTS = """
CALL shop_make_changeable('tiers_qualification');
UPDATE tiers_qualification q SET points = e.points
    FROM ledger_entry e
    WHERE e.kind = 'earn' AND e.source = q.source AND e.reference = q.reference;
CALL shop_make_append_only('tiers_qualification');
"""
STANDINGS = """
UPDATE tiers_standing s SET
    earned_key = s.tier_key, points = t.points, visits = t.visits, last_visit_on = t.last_on,
    counted_at = t.counted_at, settled_on = t.last_on
FROM (
    SELECT customer_id, sum(points) AS points, max(occurred_at) AS counted_at,
        count(DISTINCT (occurred_at AT TIME ZONE p.time_zone)::date) AS visits,
        max((occurred_at AT TIME ZONE p.time_zone)::date) AS last_on
    FROM tiers_qualification CROSS JOIN shop_shop p
    GROUP BY customer_id
) t
WHERE t.customer_id = s.customer_id;
"""
GUARD = """
CALL shop_make_append_only('tiers_tierfloor');
"""
EMPTY = """
CALL shop_make_changeable('tiers_tierfloor');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tiers", "0003_windows"),
        ("ledger", "0003_verbs"),
        ("shop", "0002_append_only"),
    ]

    operations = [migrations.RunSQL(POINTS + STANDINGS + GUARD, EMPTY)]
