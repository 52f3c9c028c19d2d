from django.db import migrations

CREATE = """
CALL shop_make_append_only('care_moved');
REVOKE DELETE ON care_merge FROM loyalty_app;
"""
DROP = """
GRANT DELETE ON care_merge TO loyalty_app;
CALL shop_make_changeable('care_moved');
"""


class Migration(migrations.Migration):
    dependencies = [("care", "0001_initial"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
