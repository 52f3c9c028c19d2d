from django.db import migrations

# As in 0027. The range of the entries is gathered from the part's own sales: the planner, left to
# itself, would look for the least and the greatest in the index of all entries there are.
PROVE = """
CREATE OR REPLACE FUNCTION purchases_prove_earned(ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_nestloop = off SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
    first bigint := (SELECT min(i) FROM unnest(ids) AS i);
    last bigint := (SELECT max(i) FROM unnest(ids) AS i);
    first_entry bigint;
    last_entry bigint;
BEGIN
    SELECT min(entry_id), max(entry_id) INTO first_entry, last_entry
    FROM (SELECT entry_id FROM purchases_purchase WHERE id BETWEEN first AND last OFFSET 0) part;
    SELECT min(i) INTO wrong FROM unnest(ids) AS i
    LEFT JOIN purchases_purchase p ON p.id = i AND p.id BETWEEN first AND last
    LEFT JOIN ledger_entry e ON e.id = p.entry_id AND e.id BETWEEN first_entry AND last_entry
    WHERE p.id IS NULL OR p.entry_id IS NOT NULL AND
        (e.account_id, e.points, e.balance_after, e.source, e.reference, e.kind)
        IS DISTINCT FROM
        (p.customer_id, p.points, p.balance_after, p.source, p.reference, 'earn');
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'sale % names the entry of another', wrong
            USING ERRCODE = 'foreign_key_violation';
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0029_activity_by_sets")]

    operations = [migrations.RunSQL(PROVE, migrations.RunSQL.noop)]
