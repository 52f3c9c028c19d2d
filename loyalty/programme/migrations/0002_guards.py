from django.db import migrations

CREATE = """
CALL shop_make_append_only('programme_programmeversion');
"""
DROP = """
CALL shop_make_changeable('programme_programmeversion');
"""


class Migration(migrations.Migration):
    dependencies = [("programme", "0001_initial"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
