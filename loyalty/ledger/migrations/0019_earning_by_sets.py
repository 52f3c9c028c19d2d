from django.db import migrations

# What a file of past sales earned, some ten thousand credits a call: as ledger_credit of the kind
# "earn", but the entries and lots go in with the triggers of rows at rest, and what those would have
# refused is proved of all of them together before it returns.
EARN = """
CREATE FUNCTION ledger_earn_many(
    from_source text, customers bigint[], amounts bigint[], refs text[], versions bigint[],
    whys int[], explanations jsonb[], starts date[], days date[], moments timestamptz[],
    known_at timestamptz, actor bigint
) RETURNS TABLE (place bigint, entry_id bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
    numbers int[];
    balances bigint[];
    numbering regclass := pg_get_serial_sequence('ledger_entry', 'id');
    debtor bigint;
BEGIN
    PERFORM ledger_lock(ARRAY(SELECT DISTINCT c FROM unnest(customers) AS i (c) ORDER BY c));
    PERFORM shop_hold_parents('programme_programmeversion', versions);
    PERFORM shop_hold_parents('shop_user', ARRAY[actor]);
    SELECT array_agg(id ORDER BY n.place), array_agg(number ORDER BY n.place),
        array_agg(balance ORDER BY n.place)
    INTO ids, numbers, balances
    FROM (
        SELECT i.place, nextval(numbering) AS id,
            coalesce(a.last_number, 0) + row_number() OVER w AS number,
            a.balance + sum(i.points) OVER w AS balance
        FROM unnest(customers, amounts) WITH ORDINALITY AS i (customer_id, points, place)
        JOIN ledger_account a USING (customer_id)
        WINDOW w AS (PARTITION BY i.customer_id ORDER BY i.place)
    ) n;
    IF cardinality(ids) IS DISTINCT FROM cardinality(refs) THEN
        RAISE EXCEPTION 'the credits do not have a customer each'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO ledger_entry (
        id, account_id, number, kind, points, balance_after, source, reference,
        programme_version_id, explanation, reason, occurred_at, recorded_at, recorded_by_id
    )
    SELECT i.id, i.customer_id, i.number, 'earn', i.points, i.balance, from_source, i.ref,
        i.version_id, x.explanation, '', i.at, known_at, actor
    FROM unnest(ids, customers, numbers, amounts, balances, refs, versions, whys, moments)
        AS i (id, customer_id, number, points, balance, ref, version_id, why, at)
    LEFT JOIN unnest(explanations) WITH ORDINALITY AS x (explanation, why) USING (why);
    INSERT INTO ledger_lot (entry_id, account_id, points, remaining, usable_from, expires_on)
    SELECT * FROM unnest(ids, customers, amounts, amounts, starts, days);
    PERFORM shop_rest_row_triggers(false);
    UPDATE ledger_account a SET balance = n.balance, last_number = n.number
    FROM (
        SELECT DISTINCT ON (customer_id) customer_id, number, balance
        FROM unnest(customers, numbers, balances) AS i (customer_id, number, balance)
        ORDER BY customer_id, number DESC
    ) n
    WHERE a.customer_id = n.customer_id;
    FOR debtor IN
        SELECT DISTINCT account_id FROM ledger_debt
        WHERE account_id = ANY (customers) AND remaining > 0 ORDER BY account_id
    LOOP
        PERFORM ledger_repay(debtor, NULL);
    END LOOP;
    PERFORM ledger_prove_earned(ids);
    RETURN QUERY SELECT p.place, p.id FROM unnest(ids) WITH ORDINALITY AS p (id, place);
END $$;
"""
# The foreign keys and constraint triggers of entries and lots, of many at once: account there, chain
# whole, each backed by its lot, nobody with points who owes some.
PROVE = """
CREATE FUNCTION ledger_prove_earned(ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
-- By their indexes, row for row: the tables may be many times larger than what is proved.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT min(i) INTO wrong FROM unnest(ids) AS i
    LEFT JOIN ledger_entry e ON e.id = i
    LEFT JOIN ledger_account a ON a.customer_id = e.account_id
    LEFT JOIN ledger_lot l ON l.entry_id = e.id AND l.account_id = e.account_id
        AND l.points = e.points
    LEFT JOIN ledger_entry b ON b.account_id = e.account_id AND b.number = e.previous_number
        AND b.balance_after = e.balance_before
    WHERE a.customer_id IS NULL OR l.id IS NULL OR e.kind <> 'earn' OR e.reverses_id IS NOT NULL
        OR (e.previous_number IS NOT NULL AND b.id IS NULL);
    IF wrong IS NULL THEN
        SELECT min(d.entry_id) INTO wrong FROM ledger_debt d
        JOIN ledger_lot l ON l.account_id = d.account_id AND l.remaining > 0
        WHERE d.remaining > 0
            AND d.account_id IN (SELECT account_id FROM ledger_entry WHERE id = ANY (ids));
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'ledger_entry % is not whole', wrong
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
"""
SIGNATURE = (
    "ledger_earn_many(text, bigint[], bigint[], text[], bigint[], int[], jsonb[], date[], date[],"
    " timestamptz[], timestamptz, bigint)"
)
DROP = f"DROP FUNCTION {SIGNATURE}; DROP FUNCTION ledger_prove_earned(bigint[]);"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0018_hold_without_opening"), ("shop", "0004_resting_triggers")]

    operations = [migrations.RunSQL(PROVE + EARN, DROP)]
