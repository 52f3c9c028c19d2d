from django.db import migrations

# What ledger_take_back does, of many credits at once. Where each credit of a customer still has in its
# own lot what is to be taken, their order and their other lots do not matter: these go by sets, with
# the triggers of rows at rest, and what those would have refused is proved of all of them together.
# The others go one by one. Each credit is named once; `place` is where.
TAKE_BACK = """
CREATE FUNCTION ledger_take_back_many(
    from_source text, credits bigint[], amounts bigint[], lowest bigint, refs text[],
    explanations jsonb[], why text, today date, zone text, moment timestamptz,
    known_at timestamptz, actor bigint
) RETURNS TABLE (place bigint, entry_id bigint, taken bigint, balance_after bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    made record;
    apart record;
BEGIN
    PERFORM ledger_open_for_taking(credits, amounts, refs, explanations, today, zone, known_at);
    PERFORM shop_hold_parents('shop_user', ARRAY[actor]);
    SELECT * INTO made FROM ledger_takings(credits, amounts, lowest);
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO ledger_entry (
        id, account_id, number, kind, points, balance_after, source, reference,
        programme_version_id, explanation, reason, reverses_id, occurred_at, recorded_at,
        recorded_by_id
    )
    SELECT m.id, m.account_id, m.number, 'reverse', -m.part, m.balance, from_source, i.ref,
        m.version_id, i.explanation || jsonb_build_object('due', i.due, 'taken', m.part), why,
        i.credit, moment, known_at, actor
    FROM unnest(
        made.places, made.ids, made.accounts, made.numbers, made.parts, made.balances, made.versions
    ) AS m (place, id, account_id, number, part, balance, version_id)
    JOIN unnest(credits, amounts, refs, explanations) WITH ORDINALITY
        AS i (credit, due, ref, explanation, place) USING (place)
    WHERE m.part > 0;
    INSERT INTO ledger_allocation (lot_id, entry_id, points)
    SELECT m.lot_id, m.id, m.part FROM unnest(made.lots, made.ids, made.parts) AS m (lot_id, id, part)
    WHERE m.part > 0;
    IF current_setting('session_replication_role') = 'replica' THEN
        -- What the trigger of each allocation does.
        UPDATE ledger_lot l SET remaining = l.remaining - m.part
        FROM unnest(made.lots, made.parts) AS m (lot_id, part)
        WHERE l.id = m.lot_id AND m.part > 0;
    END IF;
    PERFORM shop_rest_row_triggers(false);
    UPDATE ledger_account a SET balance = n.balance, last_number = n.number
    FROM (
        SELECT DISTINCT ON (m.account_id) m.account_id, m.number, m.balance
        FROM unnest(made.accounts, made.numbers, made.balances, made.parts)
            AS m (account_id, number, balance, part)
        WHERE m.part > 0
        ORDER BY m.account_id, m.number DESC
    ) n
    WHERE a.customer_id = n.account_id;
    PERFORM ledger_prove_taken(array_remove(made.ids, NULL));
    RETURN QUERY SELECT m.place, m.id, m.part, m.balance
        FROM unnest(made.places, made.ids, made.parts, made.balances) AS m (place, id, part, balance);
    FOR apart IN
        SELECT i.* FROM unnest(credits, amounts, refs, explanations) WITH ORDINALITY
            AS i (credit, due, ref, explanation, place)
        WHERE NOT EXISTS (SELECT FROM unnest(made.places) AS m (place) WHERE m.place = i.place)
        ORDER BY i.place
    LOOP
        RETURN QUERY SELECT apart.place, t.entry_id, t.taken, t.balance_after FROM ledger_take_back(
            from_source, apart.credit, apart.due, lowest, apart.ref, apart.explanation, why, today,
            zone, moment, known_at, actor
        ) AS t;
    END LOOP;
END $$;
"""
# Locks the accounts of these credits, and lets end what has ended, as ledger_take_back does first.
OPEN = """
CREATE FUNCTION ledger_open_for_taking(
    credits bigint[], amounts bigint[], refs text[], explanations jsonb[], today date, zone text,
    known_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    accounts bigint[] := ARRAY(
        SELECT DISTINCT e.account_id FROM ledger_entry e WHERE e.id = ANY (credits)
        ORDER BY e.account_id
    );
    named int := (SELECT count(*) FROM ledger_entry e WHERE e.id = ANY (credits));
BEGIN
    IF (named, named, named, named) IS DISTINCT FROM (
        cardinality(credits), cardinality(amounts), cardinality(refs), cardinality(explanations)
    ) OR EXISTS (SELECT FROM unnest(amounts) AS i (due) WHERE due > 0 IS NOT TRUE) THEN
        RAISE EXCEPTION 'the credits are not told once each, with what is due'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM ledger_lock(accounts);
    PERFORM ledger_expire_many(accounts, today, zone, known_at);
END $$;
"""
# What is taken of the credits that go by sets, in the order they are named: less than is due where
# a part was taken before, or has expired. Their customers are all whose credits each have it in their
# own lot, which no merge has carried on.
TAKINGS = """
CREATE FUNCTION ledger_takings(
    credits bigint[], amounts bigint[], lowest bigint, OUT places bigint[], OUT ids bigint[],
    OUT accounts bigint[], OUT numbers int[], OUT parts bigint[], OUT balances bigint[],
    OUT lots bigint[], OUT versions bigint[]
) LANGUAGE sql SET search_path = public, pg_temp
-- By their indexes, row for row: the tables may be many times larger than what is taken.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
    WITH told AS MATERIALIZED (
        SELECT i.place, e.account_id, e.programme_version_id, l.id AS lot_id, l.remaining,
            coalesce(c.merged_into_id, e.account_id) AS payer_id,
            greatest(0, least(i.due, e.points - back.points - gone.points)) AS part,
            l.origin_id IS NULL AND c.merged_into_id IS NULL AND lowest <= 0 AND NOT EXISTS (
                SELECT FROM ledger_lot o WHERE o.origin_id = l.id
            ) AS is_own
        FROM unnest(credits, amounts) WITH ORDINALITY AS i (entry_id, due, place)
        JOIN ledger_entry e ON e.id = i.entry_id
        JOIN customers_customer c ON c.id = e.account_id
        LEFT JOIN ledger_lot l ON l.entry_id = e.id
        CROSS JOIN LATERAL (
            SELECT coalesce(-sum(r.points), 0)::bigint AS points FROM ledger_entry r
            WHERE r.reverses_id = e.id AND r.kind = 'reverse'
        ) back
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(a.points), 0)::bigint AS points
            FROM ledger_allocation a JOIN ledger_entry x ON x.id = a.entry_id AND x.kind = 'expire'
            WHERE a.lot_id = l.id
        ) gone
    ), apart AS (
        SELECT DISTINCT payer_id FROM told WHERE (is_own AND remaining >= part) IS NOT TRUE
    ), numbered AS (
        SELECT t.*, (a.last_number + count(*) FILTER (WHERE t.part > 0) OVER upto)::int AS number,
            (a.balance - sum(t.part) OVER upto)::bigint AS balance
        FROM told t JOIN ledger_account a ON a.customer_id = t.account_id
        WHERE t.payer_id NOT IN (SELECT payer_id FROM apart)
        WINDOW upto AS (PARTITION BY t.account_id ORDER BY t.place)
        ORDER BY t.place
    )
    SELECT array_agg(place),
        array_agg(CASE WHEN part > 0 THEN nextval(pg_get_serial_sequence('ledger_entry', 'id')) END),
        array_agg(account_id), array_agg(number), array_agg(part), array_agg(balance),
        array_agg(lot_id), array_agg(programme_version_id)
    FROM numbered
$$;
"""
# What ledger_expire does, of many accounts at once. Whoever calls it holds them.
EXPIRE = """
CREATE FUNCTION ledger_expire_many(
    customers bigint[], today date, zone text, known_at timestamptz
) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    numbering regclass := pg_get_serial_sequence('ledger_entry', 'id');
    ended record;
BEGIN
    SELECT array_agg(nextval(numbering)) AS ids, array_agg(d.account_id) AS accounts,
        array_agg(d.number) AS numbers, array_agg(d.remaining) AS parts,
        array_agg(d.balance) AS balances, array_agg(d.lot_id) AS lots, array_agg(d.ends_on) AS days
    INTO ended
    FROM (
        SELECT l.account_id, l.id AS lot_id, l.remaining, l.ends_on,
            (l.last_number + row_number() OVER w)::int AS number,
            (l.balance - sum(l.remaining) OVER w)::bigint AS balance
        FROM (
            SELECT o.*, a.balance, a.last_number,
                coalesce(o.ended_on, greatest(o.expires_on, a.active_until)) AS ends_on
            FROM ledger_account a JOIN ledger_lot o ON o.account_id = a.customer_id
            WHERE a.customer_id = ANY (customers) AND o.remaining > 0 AND o.expires_on < today
        ) l
        WHERE l.ends_on < today
        WINDOW w AS (PARTITION BY l.account_id ORDER BY l.ends_on, l.expires_on, l.id)
    ) d;
    IF ended.ids IS NULL THEN
        RETURN;
    END IF;
    PERFORM shop_rest_row_triggers(true);
    INSERT INTO ledger_entry (
        id, account_id, number, kind, points, balance_after, source, reference, explanation, reason,
        occurred_at, recorded_at
    )
    SELECT d.id, d.account_id, d.number, 'expire', -d.part, d.balance, 'expiry',
        'lot:' || d.lot_id || CASE WHEN before.times > 0 THEN '/' || before.times + 1 ELSE '' END,
        jsonb_build_object('expires_on', d.ends_on), '',
        (d.ends_on + 1)::timestamp AT TIME ZONE zone, known_at
    FROM unnest(
        ended.ids, ended.accounts, ended.numbers, ended.parts, ended.balances, ended.lots, ended.days
    ) AS d (id, account_id, number, part, balance, lot_id, ends_on)
    CROSS JOIN LATERAL (
        SELECT count(*) AS times
        FROM ledger_allocation a JOIN ledger_entry e ON e.id = a.entry_id AND e.kind = 'expire'
        WHERE a.lot_id = d.lot_id
    ) before;
    INSERT INTO ledger_allocation (lot_id, entry_id, points)
    SELECT * FROM unnest(ended.lots, ended.ids, ended.parts);
    IF current_setting('session_replication_role') = 'replica' THEN
        -- What the trigger of each allocation does.
        UPDATE ledger_lot SET remaining = 0 WHERE id = ANY (ended.lots);
    END IF;
    PERFORM shop_rest_row_triggers(false);
    UPDATE ledger_account a SET balance = n.balance, last_number = n.number
    FROM (
        SELECT DISTINCT ON (d.account_id) d.account_id, d.number, d.balance
        FROM unnest(ended.accounts, ended.numbers, ended.balances) AS d (account_id, number, balance)
        ORDER BY d.account_id, d.number DESC
    ) n
    WHERE a.customer_id = n.account_id;
    PERFORM ledger_prove_taken(ended.ids);
END $$;
"""
# The foreign keys and constraint triggers of reversals and expiries, and of what they took from one
# lot each, of many at once: chain whole, each backed by its lot, no lot and no credit left with less
# than nothing.
PROVE = """
CREATE FUNCTION ledger_prove_taken(ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
-- By their indexes, row for row: the tables may be many times larger than what is proved.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT min(i) INTO wrong FROM unnest(ids) AS i
    LEFT JOIN ledger_entry e ON e.id = i
    LEFT JOIN ledger_account a ON a.customer_id = e.account_id
    LEFT JOIN ledger_entry b ON b.account_id = e.account_id AND b.number = e.previous_number
    LEFT JOIN ledger_entry o ON o.id = e.reverses_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS times, min(t.lot_id) AS lot_id, sum(t.points) AS points,
            bool_and(t.debt_id IS NULL) AS moves
        FROM ledger_allocation t WHERE t.entry_id = e.id
    ) t
    LEFT JOIN ledger_lot l ON l.id = t.lot_id
    CROSS JOIN LATERAL (
        SELECT sum(x.points) AS points FROM ledger_allocation x WHERE x.lot_id = l.id
    ) x
    CROSS JOIN LATERAL (
        SELECT sum(r.points) AS points FROM ledger_entry r
        WHERE r.reverses_id = o.id AND r.kind = 'reverse'
    ) r
    WHERE (
        a.customer_id IS NOT NULL AND e.points < 0 AND b.balance_after = e.balance_before
        AND (t.times, t.points) = (1, -e.points) AND t.moves
        AND l.account_id = e.account_id AND l.remaining = l.points - x.points
        AND CASE e.kind
            WHEN 'expire' THEN e.reverses_id IS NULL AND e.programme_version_id IS NULL
            WHEN 'reverse' THEN (o.id, o.account_id) = (l.entry_id, e.account_id)
                AND e.programme_version_id IS NOT DISTINCT FROM o.programme_version_id
                AND r.points + o.points >= 0
        END
    ) IS NOT TRUE;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'ledger_entry % is not whole', wrong
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
"""
DROP = """
DROP FUNCTION ledger_take_back_many(text, bigint[], bigint[], bigint, text[], jsonb[], text, date,
    text, timestamptz, timestamptz, bigint);
DROP FUNCTION ledger_open_for_taking(bigint[], bigint[], text[], jsonb[], date, text, timestamptz);
DROP FUNCTION ledger_takings(bigint[], bigint[], bigint);
DROP FUNCTION ledger_expire_many(bigint[], date, text, timestamptz);
DROP FUNCTION ledger_prove_taken(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0020_proved_by_unique_keys"), ("shop", "0004_resting_triggers")]

    operations = [migrations.RunSQL(PROVE + EXPIRE + OPEN + TAKINGS + TAKE_BACK, DROP)]
