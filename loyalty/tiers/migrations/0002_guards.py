from django.db import migrations

CREATE = """
CALL shop_make_append_only('tiers_qualification');
CALL shop_make_append_only('tiers_tierchange');
"""
DROP = """
CALL shop_make_changeable('tiers_tierchange');
CALL shop_make_changeable('tiers_qualification');
"""


class Migration(migrations.Migration):
    dependencies = [("tiers", "0001_initial"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
