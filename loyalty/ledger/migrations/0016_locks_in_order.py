from django.db import migrations

# As in 0009, but never holding the lock of a merged customer's account while asking for another one:
# who is meant comes first; when that has changed by the time the locks are held, they are let go
# (with the inner block's savepoint) and asked for anew. So all locks are taken in one order, and
# merges across each other wait instead of being given up.
LOCK_KEPT = """
CREATE OR REPLACE FUNCTION ledger_lock_kept(customers bigint[])
RETURNS TABLE (asked bigint, customer_id bigint, balance bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    wanted bigint[] := ledger_meant(customers);
BEGIN
    LOOP
        BEGIN
            PERFORM ledger_lock(wanted);
            EXIT WHEN ledger_meant(customers) = wanted;
            RAISE EXCEPTION USING ERRCODE = 'serialization_failure';
        EXCEPTION WHEN serialization_failure THEN
            wanted := ledger_meant(customers);
        END;
    END LOOP;
    RETURN QUERY
        SELECT w.id, a.customer_id, a.balance
        FROM unnest(customers) AS w (id)
        LEFT JOIN customers_customer c ON c.id = w.id
        JOIN ledger_account a ON a.customer_id = coalesce(c.merged_into_id, w.id);
END $$;

-- Whose accounts are meant by these numbers, in the order of locking. Volatile: each call sees what
-- was committed before it.
CREATE FUNCTION ledger_meant(customers bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN ARRAY(
        SELECT DISTINCT coalesce(c.merged_into_id, w.id)
        FROM unnest(customers) AS w (id) LEFT JOIN customers_customer c ON c.id = w.id
        ORDER BY 1
    );
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0015_leaner_indexes")]

    # Back: the function stays; it does the same.
    operations = [migrations.RunSQL(LOCK_KEPT, migrations.RunSQL.noop)]
