from django.db import migrations, models

# A closed account takes no entry: every entry moves its account, which this refuses.
GUARD = """
CREATE FUNCTION ledger_guard_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'account % is closed: its customer was merged into another', OLD.customer_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER guard_closed BEFORE UPDATE ON ledger_account
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL AND NEW.closed_at IS NOT NULL)
    EXECUTE FUNCTION ledger_guard_closed();
"""
NO_GUARD = """
DROP TRIGGER guard_closed ON ledger_account;
DROP FUNCTION ledger_guard_closed();
"""

# As ledger_lock, but the account of a customer who was merged into another is that other one's.
# The look for it comes after the lock, so a merge that was waited for is seen. Here alone does a
# caller come to hold the lock of a closed account and then ask for one of a lower number; if that
# ever meets the merge being undone, the database gives one of the two up, and it runs again.
LOCK_KEPT = """
CREATE FUNCTION ledger_lock_kept(customers bigint[])
RETURNS TABLE (asked bigint, customer_id bigint, balance bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted bigint[] := customers;
BEGIN
    LOOP
        PERFORM ledger_lock(wanted);
        EXIT WHEN NOT EXISTS (
            SELECT FROM ledger_account a
            WHERE a.customer_id = ANY (wanted) AND a.closed_at IS NOT NULL
        );
        wanted := ARRAY(
            SELECT DISTINCT coalesce(c.merged_into_id, c.id) FROM customers_customer c
            WHERE c.id = ANY (wanted) ORDER BY 1
        );
    END LOOP;
    IF wanted = customers THEN
        RETURN QUERY SELECT a.customer_id, a.customer_id, a.balance
            FROM ledger_account a WHERE a.customer_id = ANY (wanted);
    ELSE
        RETURN QUERY SELECT c.id, a.customer_id, a.balance
            FROM customers_customer c
            JOIN ledger_account a ON a.customer_id = coalesce(c.merged_into_id, c.id)
            WHERE c.id = ANY (customers);
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_lots_in_order"), ("customers", "0003_merged_into")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="closed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="closed at"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("closed_at__isnull", True), ("balance", 0), _connector="OR"),
                name="account_closed_is_empty",
            ),
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
        migrations.RunSQL(LOCK_KEPT, "DROP FUNCTION ledger_lock_kept(bigint[])"),
    ]
