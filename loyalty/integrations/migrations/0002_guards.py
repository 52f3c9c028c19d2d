from django.db import migrations

# A key's rights and secret are what they were when it was shown: the product can only keep when
# it was used, and end it. An answer is never rewritten, only forgotten as a whole.
GUARD = """
REVOKE UPDATE, DELETE ON integrations_apikey FROM loyalty_app;
GRANT UPDATE (last_used_at, revoked_at, revoked_by_id) ON integrations_apikey TO loyalty_app;
REVOKE UPDATE ON integrations_answer FROM loyalty_app;
"""
OPEN = """
GRANT UPDATE ON integrations_answer TO loyalty_app;
GRANT UPDATE, DELETE ON integrations_apikey TO loyalty_app;
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]

    operations = [migrations.RunSQL(GUARD, OPEN)]
