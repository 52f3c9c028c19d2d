from django.db import migrations

# As in 0019, with each lot found by its entry alone: told of the account as well, the planner may go
# through all lots of the account for each of its entries.
PROVE = """
CREATE OR REPLACE FUNCTION ledger_prove_earned(ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
-- By their indexes, row for row: the tables may be many times larger than what is proved.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT min(i) INTO wrong FROM unnest(ids) AS i
    LEFT JOIN ledger_entry e ON e.id = i
    LEFT JOIN ledger_account a ON a.customer_id = e.account_id
    LEFT JOIN ledger_lot l ON l.entry_id = e.id
    LEFT JOIN ledger_entry b ON b.account_id = e.account_id AND b.number = e.previous_number
    WHERE a.customer_id IS NULL OR e.kind <> 'earn' OR e.reverses_id IS NOT NULL
        OR (l.account_id, l.points) IS DISTINCT FROM (e.account_id, e.points)
        OR e.previous_number IS NOT NULL AND b.balance_after IS DISTINCT FROM e.balance_before;
    IF wrong IS NULL AND EXISTS (SELECT FROM ledger_debt WHERE remaining > 0) THEN
        SELECT min(d.entry_id) INTO wrong FROM ledger_debt d
        WHERE d.remaining > 0
            AND d.account_id IN (SELECT account_id FROM ledger_entry WHERE id = ANY (ids))
            AND EXISTS (
                SELECT FROM ledger_lot l WHERE l.account_id = d.account_id AND l.remaining > 0
            );
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'ledger_entry % is not whole', wrong
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0019_earning_by_sets")]

    # Back: it proves the same.
    operations = [migrations.RunSQL(PROVE, migrations.RunSQL.noop)]
