from django.db import migrations

# As in 0003, asking for each account by its key: a join would read all accounts there are.
LOCK = """
CREATE OR REPLACE FUNCTION ledger_lock(customers bigint[])
RETURNS TABLE (customer_id bigint, balance bigint, last_number int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO ledger_account (customer_id, balance)
        SELECT wanted, 0 FROM unnest(customers) AS wanted
        WHERE (SELECT a.customer_id FROM ledger_account a WHERE a.customer_id = wanted) IS NULL
        ORDER BY wanted
        ON CONFLICT DO NOTHING;
    RETURN QUERY
        SELECT a.customer_id, a.balance, a.last_number FROM ledger_account a
        WHERE a.customer_id = ANY (customers)
        ORDER BY a.customer_id
        FOR NO KEY UPDATE;
END $$;
"""
# As in 0019, for all sales of a part together, those that earn nothing among them: these write
# nothing. It answers with two arrays in the order of what it was given: each sale's entry, and the
# balance that the sale left.
EARN = """
CREATE FUNCTION ledger_earn_many(
    from_source text, customers bigint[], amounts bigint[], refs text[], versions bigint[],
    whys int[], explanations jsonb[], starts date[], days date[], moments timestamptz[],
    known_at timestamptz, actor bigint, OUT entries bigint[], OUT balances bigint[]
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan
SET enable_mergejoin = off AS $$  -- It would sort the entries by why they were earned.
#variable_conflict use_column
DECLARE
    held bigint[] := ARRAY(
        SELECT DISTINCT c FROM unnest(customers) AS i (c) WHERE c IS NOT NULL ORDER BY c);
    numbers int[];
    numbering regclass := pg_get_serial_sequence('ledger_entry', 'id');
    debtor bigint;
BEGIN
    IF cardinality(refs) <> cardinality(customers) OR cardinality(amounts) <> cardinality(customers)
    THEN
        RAISE EXCEPTION 'the credits do not have a customer each'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM ledger_lock(held);
    PERFORM shop_hold_parents('programme_programmeversion', versions);
    PERFORM shop_hold_parents('shop_user', ARRAY[actor]);
    -- Of all accounts there may be many more than these.
    WITH account AS MATERIALIZED (
        SELECT customer_id, balance, last_number FROM ledger_account
        WHERE customer_id = ANY (held)
    )
    SELECT array_agg(id), array_agg(number), array_agg(balance) INTO entries, numbers, balances
    FROM (
        SELECT CASE WHEN i.points <> 0 THEN nextval(numbering) END AS id,
            (coalesce(a.last_number, 0) + count(*) FILTER (WHERE i.points <> 0) OVER w)::int
                AS number,
            coalesce(a.balance + sum(i.points) OVER w, 0)::bigint AS balance
        FROM unnest(customers, amounts) WITH ORDINALITY AS i (customer_id, points, place)
        LEFT JOIN account a USING (customer_id)
        WINDOW w AS (PARTITION BY i.customer_id ORDER BY i.place)
        ORDER BY i.place
    ) n;
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO ledger_entry (
        id, account_id, number, kind, points, balance_after, source, reference,
        programme_version_id, explanation, reason, occurred_at, recorded_at, recorded_by_id
    )
    SELECT i.id, i.customer_id, i.number, 'earn', i.points, i.balance, from_source, i.ref,
        i.version_id, x.explanation, '', i.at, known_at, actor
    FROM unnest(entries, customers, numbers, amounts, balances, refs, versions, whys, moments)
        AS i (id, customer_id, number, points, balance, ref, version_id, why, at)
    LEFT JOIN unnest(explanations) WITH ORDINALITY AS x (explanation, why) USING (why)
    WHERE i.points <> 0
    ORDER BY i.id;
    INSERT INTO ledger_lot (entry_id, account_id, points, remaining, usable_from, expires_on)
    SELECT i.id, i.customer_id, i.points, i.points, i.first_day, i.last_day
    FROM unnest(entries, customers, amounts, starts, days)
        AS i (id, customer_id, points, first_day, last_day)
    WHERE i.points <> 0;
    PERFORM shop_rest_row_triggers(false);
    UPDATE ledger_account a SET balance = n.balance, last_number = n.number
    FROM (
        SELECT DISTINCT ON (customer_id) customer_id, number, balance
        FROM unnest(customers, amounts, numbers, balances)
            AS i (customer_id, points, number, balance)
        WHERE i.points <> 0
        ORDER BY customer_id, number DESC
    ) n
    WHERE a.customer_id = n.customer_id AND a.customer_id = ANY (held);
    FOR debtor IN
        SELECT DISTINCT account_id FROM ledger_debt
        WHERE account_id = ANY (held) AND remaining > 0 ORDER BY account_id
    LOOP
        PERFORM ledger_repay(debtor, NULL);
    END LOOP;
    PERFORM ledger_prove_earned(array_remove(entries, NULL));
END $$;
"""
# As in 0020. The rows lie together in their indexes, so each table is read in one go beside the ids;
# an account is asked for by its first entry alone, for any other is its forerunner's.
PROVE = """
CREATE OR REPLACE FUNCTION ledger_prove_earned(ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
SET enable_hashjoin = off SET enable_nestloop = off SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
    first bigint := (SELECT min(i) FROM unnest(ids) AS i);
    last bigint := (SELECT max(i) FROM unnest(ids) AS i);
BEGIN
    SELECT min(i) INTO wrong FROM unnest(ids) AS i
    LEFT JOIN ledger_entry e ON e.id = i AND e.id BETWEEN first AND last
    LEFT JOIN ledger_lot l ON l.entry_id = i AND l.entry_id BETWEEN first AND last
    WHERE e.kind IS DISTINCT FROM 'earn' OR e.reverses_id IS NOT NULL
        OR (l.account_id, l.points) IS DISTINCT FROM (e.account_id, e.points)
        OR CASE WHEN e.previous_number IS NULL THEN
            (SELECT a.customer_id FROM ledger_account a WHERE a.customer_id = e.account_id) IS NULL
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
DROP = """
DROP FUNCTION ledger_earn_many(text, bigint[], bigint[], text[], bigint[], int[], jsonb[], date[],
    date[], timestamptz[], timestamptz, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0021_taking_back_by_sets")]

    operations = [migrations.RunSQL(LOCK + DROP + EARN + PROVE, migrations.RunSQL.noop)]
