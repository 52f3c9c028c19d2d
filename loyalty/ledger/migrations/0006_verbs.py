from django.db import migrations

# The verbs of 0003 once more, now that points can be pending, taken back, given back and owed.
# As before: lock the accounts in the order of their ids, look, act.

DROP_OLD = """
DROP FUNCTION ledger_expire(bigint, date, text, timestamptz);
DROP FUNCTION ledger_debit(
    text, bigint, bigint, text, bigint, jsonb, text, date, timestamptz, timestamptz, bigint);
DROP FUNCTION ledger_credit(
    text, bigint[], bigint[], text[], bigint[], jsonb[], date[], timestamptz[], timestamptz, bigint);
"""

# Not verbs but parts of them: they run with their caller's rights, and so, called by the
# product itself, with none.
PARTS = """
CREATE FUNCTION ledger_post(
    customer bigint, of_kind text, amount bigint, from_source text, ref text, version bigint,
    explained jsonb, why text, reversed bigint, moment timestamptz, known_at timestamptz,
    actor bigint, approver bigint
) RETURNS ledger_entry LANGUAGE plpgsql AS $$
DECLARE
    made ledger_entry;
BEGIN
    INSERT INTO ledger_entry (
        account_id, number, kind, points, balance_after, source, reference, programme_version_id,
        explanation, reason, reverses_id, occurred_at, recorded_at, recorded_by_id, approved_by_id
    )
    SELECT customer, coalesce(a.last_number, 0) + 1, of_kind, amount, a.balance + amount,
        from_source, ref, version, explained, why, reversed, moment, known_at, actor, approver
    FROM ledger_account a WHERE a.customer_id = customer
    RETURNING * INTO made;
    UPDATE ledger_account SET balance = made.balance_after, last_number = made.number
        WHERE customer_id = customer;
    RETURN made;
END $$;

-- What came in pays what is owed, the oldest debt first. `mover` is the entry that brought it;
-- null: the one that opened the lot.
CREATE FUNCTION ledger_repay(customer bigint, mover bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    debt record;
    lot record;
    part bigint;
BEGIN
    FOR debt IN
        SELECT id, remaining FROM ledger_debt
        WHERE account_id = customer AND remaining > 0 ORDER BY id
    LOOP
        FOR lot IN
            SELECT id, entry_id, remaining FROM ledger_lot
            WHERE account_id = customer AND remaining > 0 ORDER BY id
        LOOP
            part := least(debt.remaining, lot.remaining);
            INSERT INTO ledger_allocation (lot_id, entry_id, debt_id, points)
                VALUES (lot.id, coalesce(mover, lot.entry_id), debt.id, part);
            debt.remaining := debt.remaining - part;
            EXIT WHEN debt.remaining = 0;
        END LOOP;
    END LOOP;
END $$;
"""

CREDIT = """
CREATE FUNCTION ledger_credit(
    from_source text, of_kind text, customers bigint[], amounts bigint[], refs text[],
    versions bigint[], explanations jsonb[], starts date[], days date[], moments timestamptz[],
    why text, known_at timestamptz, actor bigint, approver bigint
) RETURNS TABLE (reference text, entry_id bigint, balance_after bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    debtor bigint;
BEGIN
    PERFORM ledger_lock(customers);
    RETURN QUERY
    WITH input AS (
        SELECT * FROM unnest(
            customers, amounts, refs, versions, explanations, starts, days, moments
        ) WITH ORDINALITY AS i (
            customer_id, points, ref, version_id, explanation, usable_from, expires_on, at, place
        )
    ), entry AS (
        INSERT INTO ledger_entry (
            account_id, number, kind, points, balance_after, source, reference,
            programme_version_id, explanation, reason, occurred_at, recorded_at, recorded_by_id,
            approved_by_id
        )
        SELECT customer_id,
            coalesce(a.last_number, 0) + row_number() OVER w, of_kind, i.points,
            a.balance + sum(i.points) OVER w, from_source, i.ref,
            i.version_id, i.explanation, why, i.at, known_at, actor, approver
        FROM input i JOIN ledger_account a USING (customer_id)
        WINDOW w AS (PARTITION BY customer_id ORDER BY i.place)
        RETURNING id, account_id, number, points, balance_after, reference
    ), lot AS (
        INSERT INTO ledger_lot (entry_id, account_id, points, remaining, usable_from, expires_on)
        SELECT e.id, e.account_id, e.points, e.points, i.usable_from, i.expires_on
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
    FOR debtor IN
        SELECT DISTINCT account_id FROM ledger_debt
        WHERE account_id = ANY (customers) AND remaining > 0 ORDER BY account_id
    LOOP
        PERFORM ledger_repay(debtor, NULL);
    END LOOP;
END $$;
"""

# Takes from the lots that end first, lots without end last, and stops reading once the cost is
# covered. Looks before it writes: when the points do not suffice, `entry_id` is null, `usable`
# says how many there are, and nothing was written; likewise for a frozen account, where
# `usable` is null.
DEBIT = """
CREATE FUNCTION ledger_debit(
    from_source text, of_kind text, customer bigint, amount bigint, ref text, version bigint,
    explained jsonb, why text, today date, moment timestamptz, known_at timestamptz,
    actor bigint, approver bigint
) RETURNS TABLE (entry_id bigint, balance_after bigint, usable bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    made ledger_entry;
    lot record;
    taken bigint[] := '{}';
    sizes bigint[] := '{}';
    missing bigint := amount;
BEGIN
    IF amount <= 0 THEN
        RAISE EXCEPTION 'amount must be positive: %', amount USING ERRCODE = 'check_violation';
    END IF;
    PERFORM ledger_lock(ARRAY[customer]);
    IF of_kind = 'redeem' AND EXISTS (
        SELECT FROM ledger_freeze f WHERE f.account_id = customer AND f.lifted_at IS NULL
    ) THEN
        RETURN NEXT;
        RETURN;
    END IF;
    FOR lot IN
        SELECT id, remaining FROM ledger_lot
        WHERE account_id = customer AND remaining > 0
            AND (expires_on >= today OR expires_on IS NULL)
            AND (usable_from <= today OR usable_from IS NULL)
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
    made := ledger_post(customer, of_kind, -amount, from_source, ref, version, explained, why,
        NULL, moment, known_at, actor, approver);
    INSERT INTO ledger_allocation (lot_id, entry_id, points)
        SELECT l, made.id, p FROM unnest(taken, sizes) AS t (l, p);
    entry_id := made.id;
    balance_after := made.balance_after;
    RETURN NEXT;
END $$;
"""

# One entry for each lot that ended before `today`, dated at the end of the lot's last day in
# the shop, so the ledger says the same whenever the job runs. A lot that was given points back
# after its end expires again, under the next reference.
EXPIRE = """
CREATE FUNCTION ledger_expire(customer bigint, today date, zone text, known_at timestamptz)
RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    account record;
    expired int;
BEGIN
    SELECT * INTO account FROM ledger_lock(ARRAY[customer]);
    WITH due AS (
        SELECT l.id, l.remaining, l.expires_on,
            account.last_number + row_number() OVER w AS number,
            account.balance - sum(l.remaining) OVER w AS balance,
            (
                SELECT count(*) FROM ledger_allocation a JOIN ledger_entry e ON e.id = a.entry_id
                WHERE a.lot_id = l.id AND e.kind = 'expire'
            ) AS before
        FROM ledger_lot l
        WHERE l.account_id = customer AND l.remaining > 0 AND l.expires_on < today
        WINDOW w AS (ORDER BY l.expires_on, l.id)
    ), entry AS (
        INSERT INTO ledger_entry (
            account_id, number, kind, points, balance_after, source, reference, explanation,
            reason, occurred_at, recorded_at
        )
        SELECT customer, d.number, 'expire', -d.remaining, d.balance, 'expiry',
            'lot:' || d.id || CASE WHEN d.before > 0 THEN '/' || d.before + 1 ELSE '' END,
            jsonb_build_object('expires_on', d.expires_on), '',
            (d.expires_on + 1)::timestamp AT TIME ZONE zone, known_at
        FROM due d
        RETURNING id, number, balance_after
    ), taken AS (
        INSERT INTO ledger_allocation (lot_id, entry_id, points)
        SELECT d.id, e.id, d.remaining FROM due d JOIN entry e USING (number)
    ), newest AS (
        UPDATE ledger_account a SET balance = e.balance_after, last_number = e.number
        FROM (SELECT * FROM entry ORDER BY number DESC LIMIT 1) e
        WHERE a.customer_id = customer
    )
    SELECT count(*) INTO expired FROM entry;
    RETURN expired;
END $$;
"""

# Takes up to `amount` of a credit back: from its own lot, then from the lots that end first,
# pending ones included, then as a debt, as long as the balance stays at or above `lowest`.
# What of the credit was taken back before or has expired cannot be taken again. Expires what
# is due first, so the answer does not depend on when the job runs.
TAKE_BACK = """
CREATE FUNCTION ledger_take_back(
    from_source text, reversed bigint, amount bigint, lowest bigint, ref text, explained jsonb,
    why text, today date, zone text, moment timestamptz, known_at timestamptz, actor bigint
) RETURNS TABLE (entry_id bigint, taken bigint, balance_after bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    origin ledger_entry;
    made ledger_entry;
    lot record;
    missing bigint;
BEGIN
    SELECT * INTO STRICT origin FROM ledger_entry WHERE id = reversed;
    PERFORM ledger_lock(ARRAY[origin.account_id]);
    PERFORM ledger_expire(origin.account_id, today, zone, known_at);
    SELECT a.balance INTO balance_after FROM ledger_account a
        WHERE a.customer_id = origin.account_id;
    SELECT least(amount, origin.points - coalesce(sum(gone.points), 0)) INTO taken FROM (
        SELECT -e.points AS points FROM ledger_entry e WHERE e.reverses_id = reversed
        UNION ALL
        SELECT a.points FROM ledger_lot l
            JOIN ledger_allocation a ON a.lot_id = l.id
            JOIN ledger_entry e ON e.id = a.entry_id AND e.kind = 'expire'
            WHERE l.entry_id = reversed
    ) AS gone;
    taken := greatest(0, least(taken, balance_after - lowest));
    IF taken = 0 THEN
        RETURN NEXT;
        RETURN;
    END IF;
    made := ledger_post(origin.account_id, 'reverse', -taken, from_source, ref,
        origin.programme_version_id,
        explained || jsonb_build_object('due', amount, 'taken', taken), why, reversed, moment,
        known_at, actor, NULL);
    missing := taken;
    FOR lot IN
        SELECT id, remaining FROM ledger_lot l
        WHERE l.account_id = origin.account_id AND remaining > 0
        ORDER BY l.entry_id = reversed DESC, l.expires_on, id
    LOOP
        INSERT INTO ledger_allocation (lot_id, entry_id, points)
            VALUES (lot.id, made.id, least(lot.remaining, missing));
        missing := missing - least(lot.remaining, missing);
        EXIT WHEN missing = 0;
    END LOOP;
    IF missing > 0 THEN
        INSERT INTO ledger_debt (entry_id, account_id, points, remaining, floor)
            VALUES (made.id, origin.account_id, missing, missing, lowest);
    END IF;
    entry_id := made.id;
    balance_after := made.balance_after;
    RETURN NEXT;
END $$;
"""

# Gives `amount` of a debit back into the lots it was taken from, the ones that end last first:
# as if so much less had been spent. A debt is repaid from it; what lies in a lot that has ended
# expires at once, apart from what was due before, whether or not the job had run.
GIVE_BACK = """
CREATE FUNCTION ledger_give_back(
    from_source text, reversed bigint, amount bigint, ref text, explained jsonb, why text,
    today date, zone text, moment timestamptz, known_at timestamptz, actor bigint
) RETURNS TABLE (entry_id bigint, balance_after bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    origin ledger_entry;
    made ledger_entry;
    lot record;
    missing bigint := amount;
BEGIN
    SELECT * INTO STRICT origin FROM ledger_entry WHERE id = reversed;
    PERFORM ledger_lock(ARRAY[origin.account_id]);
    PERFORM ledger_expire(origin.account_id, today, zone, known_at);
    made := ledger_post(origin.account_id, 'reverse', amount, from_source, ref,
        origin.programme_version_id, explained, why, reversed, moment, known_at, actor, NULL);
    FOR lot IN
        SELECT l.id, sum(a.points) AS points
        FROM ledger_entry e
        JOIN ledger_allocation a ON a.entry_id = e.id AND a.debt_id IS NULL
        JOIN ledger_lot l ON l.id = a.lot_id
        WHERE e.id = reversed OR e.reverses_id = reversed
        GROUP BY l.id HAVING sum(a.points) > 0
        ORDER BY l.expires_on DESC, l.id DESC
    LOOP
        INSERT INTO ledger_allocation (lot_id, entry_id, points)
            VALUES (lot.id, made.id, -least(lot.points, missing));
        missing := missing - least(lot.points, missing);
        EXIT WHEN missing = 0;
    END LOOP;
    PERFORM ledger_repay(origin.account_id, made.id);
    PERFORM ledger_expire(origin.account_id, today, zone, known_at);
    entry_id := made.id;
    SELECT a.balance INTO balance_after FROM ledger_account a
        WHERE a.customer_id = origin.account_id;
    RETURN NEXT;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_reversals")]

    # No way back, as 0005.
    operations = [
        migrations.RunSQL(DROP_OLD + PARTS + CREDIT + DEBIT + EXPIRE + TAKE_BACK + GIVE_BACK)
    ]
