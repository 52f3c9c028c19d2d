from django.db import migrations

# The ledger's only writers. They run as the tables' owner, because the product's own role may
# not write them; each locks the accounts it touches in the order of their ids before it looks,
# and every statement of a volatile function sees what was committed before that statement.

LOCK = """
CREATE FUNCTION ledger_lock(customers bigint[])
RETURNS TABLE (customer_id bigint, balance bigint, last_number int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO ledger_account (customer_id, balance)
        SELECT wanted, 0 FROM unnest(customers) AS wanted
        WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.customer_id = wanted)
        ORDER BY wanted
        ON CONFLICT DO NOTHING;
    RETURN QUERY
        SELECT a.customer_id, a.balance, a.last_number FROM ledger_account a
        WHERE a.customer_id = ANY (customers)
        ORDER BY a.customer_id
        FOR NO KEY UPDATE;
END $$;
"""

CREDIT = """
CREATE FUNCTION ledger_credit(
    from_source text, customers bigint[], amounts bigint[], refs text[], versions bigint[],
    explanations jsonb[], days date[], moments timestamptz[], known_at timestamptz, actor bigint
) RETURNS TABLE (reference text, entry_id bigint, balance_after bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM ledger_lock(customers);
    RETURN QUERY
    WITH input AS (
        SELECT * FROM unnest(
            customers, amounts, refs, versions, explanations, days, moments
        ) WITH ORDINALITY
            AS i (customer_id, points, ref, version_id, explanation, expires_on, at, place)
    ), entry AS (
        INSERT INTO ledger_entry (
            account_id, number, kind, points, balance_after, source, reference,
            programme_version_id, explanation, reason, occurred_at, recorded_at, recorded_by_id
        )
        SELECT customer_id,
            coalesce(a.last_number, 0) + row_number() OVER w, 'earn', i.points,
            a.balance + sum(i.points) OVER w, from_source, i.ref,
            i.version_id, i.explanation, '', i.at, known_at, actor
        FROM input i JOIN ledger_account a USING (customer_id)
        WINDOW w AS (PARTITION BY customer_id ORDER BY i.place)
        RETURNING id, account_id, number, points, balance_after, reference
    ), lot AS (
        INSERT INTO ledger_lot (entry_id, account_id, points, remaining, expires_on)
        SELECT e.id, e.account_id, e.points, e.points, i.expires_on
        FROM entry e JOIN input i ON i.ref = e.reference
        ORDER BY e.id
    ), account AS (
        UPDATE ledger_account a SET balance = n.balance_after, last_number = n.number
        FROM (
            SELECT DISTINCT ON (account_id) account_id, number, balance_after
            FROM entry ORDER BY account_id, number DESC
        ) n
        WHERE a.customer_id = n.account_id
    )
    SELECT e.reference::text, e.id, e.balance_after FROM entry e;
END $$;
"""

# Takes from the lots that end first, lots without end last, and stops reading once the cost is
# covered. Looks before it writes: when the points do not suffice, `entry_id` is null, `usable`
# says how many there are, and nothing was written.
DEBIT = """
CREATE FUNCTION ledger_debit(
    from_source text, customer bigint, amount bigint, ref text, version bigint,
    explained jsonb, why text, today date, moment timestamptz, known_at timestamptz, actor bigint
) RETURNS TABLE (entry_id bigint, balance_after bigint, usable bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    account record;
    lot record;
    taken bigint[] := '{}';
    sizes bigint[] := '{}';
    missing bigint := amount;
BEGIN
    IF amount <= 0 THEN
        RAISE EXCEPTION 'amount must be positive: %', amount USING ERRCODE = 'check_violation';
    END IF;
    SELECT * INTO account FROM ledger_lock(ARRAY[customer]);
    FOR lot IN
        SELECT id, remaining FROM ledger_lot
        WHERE account_id = customer AND remaining > 0
            AND (expires_on >= today OR expires_on IS NULL)
        ORDER BY ledger_lot.expires_on, id
    LOOP
        taken := taken || lot.id;
        sizes := sizes || least(lot.remaining, missing);
        missing := missing - least(lot.remaining, missing);
        EXIT WHEN missing = 0;
    END LOOP;
    usable := amount - missing;
    IF missing > 0 THEN
        RETURN NEXT;
        RETURN;
    END IF;
    balance_after := account.balance - amount;
    INSERT INTO ledger_entry (
        account_id, number, kind, points, balance_after, source, reference,
        programme_version_id, explanation, reason, occurred_at, recorded_at, recorded_by_id
    ) VALUES (
        customer, account.last_number + 1, 'redeem', -amount, balance_after, from_source, ref,
        version, explained, why, moment, known_at, actor
    ) RETURNING id INTO entry_id;
    INSERT INTO ledger_allocation (lot_id, entry_id, points)
        SELECT l, entry_id, p FROM unnest(taken, sizes) AS t (l, p);
    UPDATE ledger_account SET balance = balance_after, last_number = account.last_number + 1
        WHERE customer_id = customer;
    RETURN NEXT;
END $$;
"""

# One entry for each lot that ended before `today`, dated at the end of the lot's last day in
# the shop, so the ledger says the same whenever the job runs.
EXPIRE = """
CREATE FUNCTION ledger_expire(customer bigint, today date, zone text, known_at timestamptz)
RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    account record;
    lot record;
    entry bigint;
    expired int := 0;
BEGIN
    SELECT * INTO account FROM ledger_lock(ARRAY[customer]);
    FOR lot IN
        SELECT id, remaining, expires_on FROM ledger_lot
        WHERE account_id = customer AND remaining > 0 AND expires_on < today
        ORDER BY expires_on, id
    LOOP
        expired := expired + 1;
        account.balance := account.balance - lot.remaining;
        account.last_number := account.last_number + 1;
        INSERT INTO ledger_entry (
            account_id, number, kind, points, balance_after, source, reference, explanation,
            reason, occurred_at, recorded_at
        ) VALUES (
            customer, account.last_number, 'expire', -lot.remaining, account.balance, 'expiry',
            'lot:' || lot.id, jsonb_build_object('expires_on', lot.expires_on), '',
            (lot.expires_on + 1)::timestamp AT TIME ZONE zone, known_at
        ) RETURNING id INTO entry;
        INSERT INTO ledger_allocation (lot_id, entry_id, points)
            VALUES (lot.id, entry, lot.remaining);
    END LOOP;
    IF expired > 0 THEN
        UPDATE ledger_account SET balance = account.balance, last_number = account.last_number
            WHERE customer_id = customer;
    END IF;
    RETURN expired;
END $$;
"""

DROP = """
DROP FUNCTION ledger_expire(bigint, date, text, timestamptz);
DROP FUNCTION ledger_debit(
    text, bigint, bigint, text, bigint, jsonb, text, date, timestamptz, timestamptz, bigint);
DROP FUNCTION ledger_credit(
    text, bigint[], bigint[], text[], bigint[], jsonb[], date[], timestamptz[], timestamptz, bigint);
DROP FUNCTION ledger_lock(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]

    operations = [migrations.RunSQL(LOCK + CREDIT + DEBIT + EXPIRE, DROP)]
