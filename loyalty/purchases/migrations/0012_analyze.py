from django.db import migrations

# After a big import the planner would still think of the tables as they were before, until the
# server gets around to looking. The product's role may not tell it to; this function may.
ANALYZE = """
CREATE FUNCTION purchases_analyze() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE customers_customer, ledger_account, ledger_entry, ledger_lot, ledger_allocation,
        ledger_debt, tiers_qualification, tiers_standing, purchases_purchase, purchases_activity;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("purchases", "0011_leaner_indexes"),
        ("customers", "0004_lunar_birthdays"),
        ("ledger", "0013_merging_verbs"),
        ("tiers", "0005_merging"),
    ]

    operations = [migrations.RunSQL(ANALYZE, "DROP FUNCTION purchases_analyze()")]
