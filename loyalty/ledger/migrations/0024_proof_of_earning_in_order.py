from django.db import migrations

# As in 0022, whose caller forbids what this one needs: the plan was a guess, at times twenty times as
# slow. The entry before another one is most often of the same part, and asked for only where it is not.
PROVE = """
CREATE OR REPLACE FUNCTION ledger_prove_earned(ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_mergejoin = on
SET enable_hashjoin = off SET enable_nestloop = off SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
    first bigint := (SELECT min(i) FROM unnest(ids) AS i);
    last bigint := (SELECT max(i) FROM unnest(ids) AS i);
BEGIN
    SELECT min(i) INTO wrong FROM unnest(ids) AS i
    LEFT JOIN (
        SELECT id, account_id, kind, points, reverses_id, previous_number, balance_before,
            lag(number) OVER w AS number_there, lag(balance_after) OVER w AS balance_there
        FROM ledger_entry WHERE id BETWEEN first AND last
        WINDOW w AS (PARTITION BY account_id ORDER BY number)
    ) e ON e.id = i
    LEFT JOIN ledger_lot l ON l.entry_id = i AND l.entry_id BETWEEN first AND last
    WHERE e.kind IS DISTINCT FROM 'earn' OR e.reverses_id IS NOT NULL
        OR (l.account_id, l.points) IS DISTINCT FROM (e.account_id, e.points)
        OR CASE WHEN e.previous_number IS NULL THEN
            (SELECT a.customer_id FROM ledger_account a WHERE a.customer_id = e.account_id) IS NULL
        WHEN e.number_there = e.previous_number THEN
            e.balance_there <> e.balance_before
        ELSE
            (SELECT b.balance_after FROM ledger_entry b
                WHERE b.account_id = e.account_id AND b.number = e.previous_number)
                IS DISTINCT FROM e.balance_before
        END;
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
    dependencies = [("ledger", "0023_who_is_meant_lock_by_lock")]

    operations = [migrations.RunSQL(PROVE, migrations.RunSQL.noop)]
