from django.db import migrations

# Few redemptions are cancelled: the rest need no entry in the index that keeps it to one.
LEAN = """
ALTER TABLE rewards_redemption DROP CONSTRAINT rewards_redemption_cancelling_entry_id_key;
CREATE UNIQUE INDEX rewards_redemption_cancelling_entry_id_key ON rewards_redemption (cancelling_entry_id) WHERE cancelling_entry_id IS NOT NULL;
"""
BACK = """
DROP INDEX rewards_redemption_cancelling_entry_id_key;
ALTER TABLE rewards_redemption ADD CONSTRAINT rewards_redemption_cancelling_entry_id_key UNIQUE (cancelling_entry_id);
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0022_redeem_in_fewer_steps")]

    operations = [migrations.RunSQL(LEAN, BACK)]
