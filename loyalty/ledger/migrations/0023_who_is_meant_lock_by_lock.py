from django.db import migrations

# As in 0016, but of a few accounts, as in a merge, who is meant is asked again after each lock, not
# after the last: ledger_hold, the till's short way, waits for an account and may find it closed, and
# holds it while it asks for the kept one. Whoever had that one, and still believed the two to be
# strangers, asked for the closed one next: they waited for each other until one was given up.
LOCK_KEPT = """
CREATE OR REPLACE FUNCTION ledger_lock_kept(customers bigint[])
RETURNS TABLE (asked bigint, customer_id bigint, balance bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    few CONSTANT int := 4;
    wanted bigint[] := ledger_meant(customers);
    account bigint;
BEGIN
    LOOP
        BEGIN
            IF cardinality(wanted) BETWEEN 2 AND few THEN
                FOREACH account IN ARRAY wanted LOOP
                    PERFORM ledger_lock(ARRAY[account]);
                    IF ledger_meant(customers) <> wanted THEN
                        RAISE EXCEPTION USING ERRCODE = 'serialization_failure';
                    END IF;
                END LOOP;
                EXIT;
            END IF;
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
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0022_earning_whole_parts")]

    # Back: the function stays; it does the same.
    operations = [migrations.RunSQL(LOCK_KEPT, migrations.RunSQL.noop)]
