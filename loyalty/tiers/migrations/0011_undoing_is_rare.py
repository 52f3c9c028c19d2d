from django.db import migrations

# Hardly any row undoes another: the rest need no entry in the index that keeps it to one.
LEAN = """
ALTER TABLE tiers_qualification DROP CONSTRAINT tiers_qualification_undoes_id_key;
CREATE UNIQUE INDEX tiers_qualification_undoes_id_key ON tiers_qualification (undoes_id) WHERE undoes_id IS NOT NULL;
"""
BACK = """
DROP INDEX tiers_qualification_undoes_id_key;
ALTER TABLE tiers_qualification ADD CONSTRAINT tiers_qualification_undoes_id_key UNIQUE (undoes_id);
"""


class Migration(migrations.Migration):
    dependencies = [("tiers", "0010_taking_out_by_sets")]

    operations = [migrations.RunSQL(LEAN, BACK)]
