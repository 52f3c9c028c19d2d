from django.db import migrations

CREATE = """
CALL shop_make_append_only('customers_consent');
"""
DROP = """
CALL shop_make_changeable('customers_consent');
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
