from django.db import migrations

# Part of a verb: take points out of an account for `made`, from the lot `own` first, then in the
# order of spending, pending ones too; what is in no lot becomes a debt.
TAKE = """
CREATE FUNCTION ledger_take(made ledger_entry, own bigint, lowest bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    lot record;
    missing bigint := -made.points;
BEGIN
    FOR lot IN
        SELECT id, remaining FROM ledger_lot l
        WHERE l.account_id = made.account_id AND remaining > 0
        ORDER BY coalesce(l.origin_id, l.id) IS NOT DISTINCT FROM own DESC, l.expires_on, id
    LOOP
        INSERT INTO ledger_allocation (lot_id, entry_id, points)
            VALUES (lot.id, made.id, least(lot.remaining, missing));
        missing := missing - least(lot.remaining, missing);
        EXIT WHEN missing = 0;
    END LOOP;
    IF missing > 0 THEN
        INSERT INTO ledger_debt (entry_id, account_id, points, remaining, floor)
            VALUES (made.id, made.account_id, missing, missing, lowest);
    END IF;
END $$;
"""

# As in 0006, but what was reversed may stand on the account of a customer who was merged since:
# then the account of the kept one pays, first from the lots that continue the credit's own.
TAKE_BACK = """
CREATE OR REPLACE FUNCTION ledger_take_back(
    from_source text, reversed bigint, amount bigint, lowest bigint, ref text, explained jsonb,
    why text, today date, zone text, moment timestamptz, known_at timestamptz, actor bigint
) RETURNS TABLE (entry_id bigint, taken bigint, balance_after bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    origin ledger_entry;
    made ledger_entry;
    own bigint;
    payer bigint;
BEGIN
    SELECT * INTO STRICT origin FROM ledger_entry WHERE id = reversed;
    SELECT h.kept INTO payer FROM ledger_hold(origin.account_id) AS h;
    PERFORM ledger_expire(payer, today, zone, known_at);
    SELECT a.balance INTO balance_after FROM ledger_account a WHERE a.customer_id = payer;
    SELECT coalesce(l.origin_id, l.id) INTO own FROM ledger_lot l WHERE l.entry_id = reversed;
    SELECT least(amount, origin.points - coalesce(sum(gone.points), 0)) INTO taken FROM (
        SELECT -e.points AS points FROM ledger_entry e
            WHERE e.reverses_id = reversed AND e.kind = 'reverse'
        UNION ALL
        SELECT a.points FROM ledger_lot l
            JOIN ledger_allocation a ON a.lot_id = l.id
            JOIN ledger_entry e ON e.id = a.entry_id AND e.kind = 'expire'
            WHERE l.id = own OR l.origin_id = own
    ) AS gone;
    taken := greatest(0, least(taken, balance_after - lowest));
    IF taken = 0 THEN
        RETURN NEXT;
        RETURN;
    END IF;
    made := ledger_post(payer, 'reverse', -taken, from_source, ref, origin.programme_version_id,
        explained || jsonb_build_object('due', amount, 'taken', taken), why, reversed, moment,
        known_at, actor, NULL);
    PERFORM ledger_take(made, own, lowest);
    entry_id := made.id;
    balance_after := made.balance_after;
    RETURN NEXT;
END $$;
"""

# As in 0006, but of an entry of a merged account the points come to the kept one's: into a lot
# with the days of the one they were taken from, an entry for each. `entry_id` is the first.
GIVE_BACK = """
CREATE OR REPLACE FUNCTION ledger_give_back(
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
    payee bigint;
    part bigint;
    place int := 0;
BEGIN
    SELECT * INTO STRICT origin FROM ledger_entry WHERE id = reversed;
    SELECT h.kept INTO payee FROM ledger_hold(origin.account_id) AS h;
    PERFORM ledger_expire(payee, today, zone, known_at);
    IF payee = origin.account_id THEN
        made := ledger_post(payee, 'reverse', amount, from_source, ref,
            origin.programme_version_id, explained, why, reversed, moment, known_at, actor, NULL);
        entry_id := made.id;
    END IF;
    FOR lot IN
        SELECT l.id, coalesce(l.origin_id, l.id) AS root, l.usable_from, l.expires_on, l.ended_on,
            sum(a.points) - (
                SELECT coalesce(sum(c.points), 0)
                FROM ledger_lot c JOIN ledger_entry r ON r.id = c.entry_id
                WHERE r.reverses_id = reversed AND r.kind = 'reverse'
                    AND c.origin_id = coalesce(l.origin_id, l.id)
            ) AS points
        FROM ledger_entry e
        JOIN ledger_allocation a ON a.entry_id = e.id AND a.debt_id IS NULL
        JOIN ledger_lot l ON l.id = a.lot_id
        WHERE e.id = reversed OR (e.reverses_id = reversed AND e.kind = 'reverse'
            AND e.account_id = origin.account_id)
        GROUP BY l.id
        ORDER BY l.expires_on DESC, l.id DESC
    LOOP
        part := least(lot.points, missing);
        CONTINUE WHEN part <= 0;
        IF payee = origin.account_id THEN
            INSERT INTO ledger_allocation (lot_id, entry_id, points)
                VALUES (lot.id, made.id, -part);
        ELSE
            place := place + 1;
            made := ledger_post(payee, 'reverse', part, from_source,
                ref || CASE WHEN place > 1 THEN '/' || place ELSE '' END,
                origin.programme_version_id, explained, why, reversed, moment, known_at, actor,
                NULL);
            INSERT INTO ledger_lot (entry_id, account_id, points, remaining, usable_from,
                expires_on, ended_on, origin_id)
                VALUES (made.id, payee, part, part, lot.usable_from, lot.expires_on,
                    lot.ended_on, lot.root);
            entry_id := coalesce(entry_id, made.id);
        END IF;
        missing := missing - part;
        EXIT WHEN missing = 0;
    END LOOP;
    IF missing > 0 THEN
        RAISE EXCEPTION 'ledger_entry % is reversed by more than it was', reversed
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM ledger_repay(payee, CASE WHEN payee = origin.account_id THEN made.id END);
    PERFORM ledger_expire(payee, today, zone, known_at);
    SELECT a.balance INTO balance_after FROM ledger_account a WHERE a.customer_id = payee;
    RETURN NEXT;
END $$;
"""

# Carries `points` of a lot over: out of one account, into a lot with the same days on the other.
CARRY = """
CREATE FUNCTION ledger_carry(
    lot ledger_lot, points bigint, taker bigint, giver bigint, ref text, why text, undone bigint,
    known_at timestamptz, actor bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made ledger_entry;
    root bigint := coalesce(lot.origin_id, lot.id);
BEGIN
    made := ledger_post(giver, 'merge', -points, 'merge', ref || ':out', NULL, '{}', why, undone,
        known_at, known_at, actor, NULL);
    PERFORM ledger_take(made, root, least(-1, made.balance_after));
    made := ledger_post(taker, 'merge', points, 'merge', ref || ':in', NULL, '{}', why, undone,
        known_at, known_at, actor, NULL);
    INSERT INTO ledger_lot (entry_id, account_id, points, remaining, usable_from, expires_on,
        origin_id)
        VALUES (made.id, taker, points, points, lot.usable_from, lot.expires_on, root);
END $$;

-- Carries a debt over: a lot that repays it at once, and as much taken from the other account.
CREATE FUNCTION ledger_carry_debt(
    points bigint, taker bigint, giver bigint, ref text, why text, lowest bigint,
    known_at timestamptz, actor bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made ledger_entry;
BEGIN
    made := ledger_post(giver, 'merge', points, 'merge', ref || ':in', NULL, '{}', why, NULL,
        known_at, known_at, actor, NULL);
    INSERT INTO ledger_lot (entry_id, account_id, points, remaining)
        VALUES (made.id, giver, points, points);
    PERFORM ledger_repay(giver, NULL);
    made := ledger_post(taker, 'merge', -points, 'merge', ref || ':out', NULL, '{}', why, NULL,
        known_at, known_at, actor, NULL);
    PERFORM ledger_take(made, NULL, least(lowest, made.balance_after));
END $$;
"""

# Empties the duplicate's account into the kept one's and closes it; the caller sets merged_into
# after that. The kept one is as active as either was.
MERGE = """
CREATE FUNCTION ledger_merge(
    kept bigint, duplicate bigint, ref text, why text, today date, zone text,
    known_at timestamptz, actor bigint
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    lot ledger_lot;
    other ledger_account;
BEGIN
    PERFORM ledger_lock(ARRAY[kept, duplicate]);
    PERFORM ledger_expire(duplicate, today, zone, known_at);
    PERFORM ledger_expire(kept, today, zone, known_at);
    SELECT * INTO other FROM ledger_account a WHERE a.customer_id = duplicate;
    IF other.active_until IS NOT NULL THEN
        PERFORM ledger_extend(ARRAY[kept], ARRAY[other.active_until], today, zone, known_at);
    END IF;
    -- What had ended on the duplicate's account has, however long the kept one is active.
    UPDATE ledger_lot l SET ended_on = greatest(l.expires_on, other.active_until)
        WHERE l.account_id = duplicate AND l.ended_on IS NULL AND l.expires_on < today
            AND coalesce(other.active_until < today, true)
            AND EXISTS (SELECT FROM ledger_account a
                WHERE a.customer_id = kept AND a.active_until IS NOT NULL);
    FOR lot IN
        SELECT * FROM ledger_lot l WHERE l.account_id = duplicate AND l.remaining > 0 ORDER BY l.id
    LOOP
        PERFORM ledger_carry(lot, lot.remaining, kept, duplicate, ref || ':' || lot.id, why, NULL,
            known_at, actor);
    END LOOP;
    IF other.balance < 0 THEN
        PERFORM ledger_carry_debt(-other.balance, kept, duplicate, ref || ':debt', why,
            (SELECT min(d.floor) FROM ledger_debt d
                WHERE d.account_id = duplicate AND d.remaining > 0), known_at, actor);
    END IF;
    PERFORM ledger_repay(kept, NULL);
    UPDATE ledger_account a SET closed_at = known_at WHERE a.customer_id = duplicate;
END $$;
"""

# Carries back what is left of what a merge carried over, and opens the account again; the caller
# has cleared merged_into, and has made sure that nothing but expiry took from the lots since.
# What the merge itself used to repay a debt comes back as that debt.
UNMERGE = """
CREATE FUNCTION ledger_unmerge(
    kept bigint, duplicate bigint, ref text, why text, today date, zone text,
    known_at timestamptz, actor bigint
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    carried record;
    made ledger_entry;
    lot ledger_lot;
    back bigint;
BEGIN
    PERFORM ledger_lock(ARRAY[kept, duplicate]);
    PERFORM ledger_expire(kept, today, zone, known_at);
    UPDATE ledger_account a
        SET closed_at = NULL, active_until = greatest(a.active_until, (
            SELECT k.active_until FROM ledger_account k WHERE k.customer_id = kept
        ))
        WHERE a.customer_id = duplicate;
    -- The debt first: what it took comes back before anything else is taken.
    SELECT e.id, e.points INTO carried FROM ledger_entry e
        WHERE e.source = 'merge' AND e.reference = ref || ':debt:out' AND e.kind = 'merge';
    IF FOUND THEN
        PERFORM ledger_uncarry_debt(carried.id, kept, duplicate, ref, why, known_at, actor);
    END IF;
    FOR lot IN
        SELECT DISTINCT ON (l.origin_id) l.*
        FROM ledger_lot l JOIN ledger_entry e ON e.id = l.entry_id
        WHERE l.account_id = kept AND e.kind = 'merge' AND e.reverses_id IS NULL
            AND starts_with(e.reference, ref || ':')
        ORDER BY l.origin_id, l.id
    LOOP
        SELECT coalesce(sum(l.remaining), 0) + coalesce(sum((
                SELECT sum(a.points) FROM ledger_allocation a JOIN ledger_entry e ON e.id = a.entry_id
                WHERE a.lot_id = l.id AND a.entry_id = l.entry_id
                    AND starts_with(e.reference, ref || ':')
            )), 0)
            INTO back FROM ledger_lot l
            WHERE l.account_id = kept AND l.origin_id = lot.origin_id;
        CONTINUE WHEN back = 0;
        PERFORM ledger_carry(lot, back, duplicate, kept, ref || ':undo:' || lot.id, why,
            lot.entry_id, known_at, actor);
    END LOOP;
    PERFORM ledger_repay(kept, NULL);
    PERFORM ledger_expire(kept, today, zone, known_at);
    PERFORM ledger_expire(duplicate, today, zone, known_at);
END $$;

CREATE FUNCTION ledger_uncarry_debt(
    carried bigint, kept bigint, duplicate bigint, ref text, why text, known_at timestamptz,
    actor bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    taken record;
    owed ledger_debt;
    made ledger_entry;
    points bigint := 0;
BEGIN
    FOR taken IN
        SELECT a.points, l.id, l.usable_from, l.expires_on, l.ended_on, l.origin_id
        FROM ledger_allocation a JOIN ledger_lot l ON l.id = a.lot_id
        WHERE a.entry_id = carried ORDER BY a.id
    LOOP
        points := points + taken.points;
        made := ledger_post(kept, 'merge', taken.points, 'merge',
            ref || ':undo:debt:' || taken.id || ':in', NULL, '{}', why, carried, known_at,
            known_at, actor, NULL);
        INSERT INTO ledger_lot (entry_id, account_id, points, remaining, usable_from, expires_on,
            ended_on, origin_id)
            VALUES (made.id, kept, taken.points, taken.points, taken.usable_from,
                taken.expires_on, taken.ended_on, coalesce(taken.origin_id, taken.id));
    END LOOP;
    SELECT * INTO owed FROM ledger_debt d WHERE d.entry_id = carried;
    IF FOUND THEN
        points := points + owed.points;
        made := ledger_post(kept, 'merge', owed.points, 'merge', ref || ':undo:debt:in', NULL,
            '{}', why, carried, known_at, known_at, actor, NULL);
        INSERT INTO ledger_lot (entry_id, account_id, points, remaining)
            VALUES (made.id, kept, owed.points, owed.points);
        INSERT INTO ledger_allocation (lot_id, entry_id, debt_id, points)
            SELECT l.id, made.id, owed.id, owed.points
            FROM ledger_lot l WHERE l.entry_id = made.id;
    END IF;
    made := ledger_post(duplicate, 'merge', -points, 'merge', ref || ':undo:debt:out', NULL, '{}',
        why, carried, known_at, known_at, actor, NULL);
    PERFORM ledger_take(made, NULL, least(made.balance_after, (
        SELECT min(d.floor) FROM ledger_debt d WHERE d.account_id = duplicate
    )));
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0012_merging")]

    # No way back, as 0005.
    operations = [
        migrations.RunSQL(TAKE + TAKE_BACK + GIVE_BACK),
        migrations.RunSQL(CARRY + MERGE + UNMERGE),
    ]
