from django.db import migrations

# Few sales are paid with points: the rest need no entry in the index that keeps it to one.
LEAN = """
ALTER TABLE purchases_purchase DROP CONSTRAINT purchases_purchase_spent_entry_id_key;
CREATE UNIQUE INDEX purchases_purchase_spent_entry_id_key ON purchases_purchase (spent_entry_id) WHERE spent_entry_id IS NOT NULL;
"""
BACK = """
DROP INDEX purchases_purchase_spent_entry_id_key;
ALTER TABLE purchases_purchase ADD CONSTRAINT purchases_purchase_spent_entry_id_key UNIQUE (spent_entry_id);
"""
# As in 0012, with a smaller sample, of the columns that somebody asks by: long texts are dear to sort.
# The server takes its time for all of them later, by itself.
ANALYZE = """
CREATE OR REPLACE FUNCTION purchases_analyze() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET default_statistics_target = 10 AS $$
BEGIN
    ANALYZE customers_customer, ledger_account, ledger_allocation, ledger_debt, tiers_standing,
        purchases_activity,
        ledger_entry (account_id, number, kind, points, source, reference, programme_version_id,
            reverses_id, occurred_at, recorded_at),
        ledger_lot (entry_id, account_id, points, remaining, usable_from, expires_on, origin_id),
        tiers_qualification (customer_id, source, reference, occurred_at, undoes_id, origin_id),
        purchases_purchase (customer_id, branch_id, source, reference, amount_minor, points,
            entry_id, spent_entry_id, occurred_at, occurred_on, recorded_at, batch_id, stands);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0027_ids_in_order")]

    operations = [migrations.RunSQL(LEAN, BACK), migrations.RunSQL(ANALYZE, migrations.RunSQL.noop)]
