from django.db import migrations

# What was told is never rewritten, only forgotten as a whole. An endpoint keeps its address: what
# was sent there stands in the log. A secret can only come to its end.
GUARD = """
REVOKE UPDATE ON integrations_event FROM loyalty_app;
REVOKE UPDATE, DELETE ON integrations_endpoint, integrations_endpointsecret FROM loyalty_app;
GRANT UPDATE (events, state, failing_since) ON integrations_endpoint TO loyalty_app;
GRANT UPDATE (ends_at) ON integrations_endpointsecret TO loyalty_app;
"""
OPEN = """
GRANT UPDATE, DELETE ON integrations_endpoint, integrations_endpointsecret TO loyalty_app;
GRANT UPDATE ON integrations_event TO loyalty_app;
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_webhooks")]

    operations = [migrations.RunSQL(GUARD, OPEN)]
