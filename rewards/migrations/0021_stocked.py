from django.db import migrations, models

# What is on the shelf today is taken for right.
FILL = """
UPDATE rewards_reward r SET stocked = r.stock + (
    SELECT count(*) FROM rewards_redemption d
    WHERE d.reward_id = r.id AND d.cancelling_entry_id IS NULL
) WHERE r.stock IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0020_terms_kept")]

    operations = [
        migrations.AddField(
            "reward", "stocked", models.PositiveIntegerField(editable=False, null=True)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
