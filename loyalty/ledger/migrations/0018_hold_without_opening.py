from django.db import migrations

# As ledger_hold, for whoever must not open an account: nobody who never had points can spend any.
# NULL: there is no such customer. Without an account only their number comes back.
HOLD = """
CREATE FUNCTION ledger_hold_known(customer bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept bigint;
BEGIN
    SELECT a.customer_id INTO kept FROM ledger_account a
        WHERE a.customer_id = customer AND a.closed_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        SELECT coalesce(c.merged_into_id, c.id) INTO kept
            FROM customers_customer c WHERE c.id = customer;
        IF EXISTS (SELECT FROM ledger_account a WHERE a.customer_id = kept) THEN
            SELECT l.customer_id INTO kept FROM ledger_lock_kept(ARRAY[customer]) AS l;
        END IF;
    END IF;
    RETURN kept;
END $$;
"""

# As in 0011, with the lock and the look for a freeze in one statement.
DEBIT = """
CREATE OR REPLACE FUNCTION ledger_debit(
    from_source text, of_kind text, customer bigint, amount bigint, ref text, version bigint,
    explained jsonb, why text, today date, moment timestamptz, known_at timestamptz,
    actor bigint, approver bigint
) RETURNS TABLE (entry_id bigint, balance_after bigint, usable bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_sort = off AS $$
#variable_conflict use_variable
DECLARE
    lot record;
    taken bigint[] := '{}';
    sizes bigint[] := '{}';
    missing bigint := amount;
    place int;
    active date;
    is_frozen boolean;
BEGIN
    IF amount <= 0 THEN
        RAISE EXCEPTION 'amount must be positive: %', amount USING ERRCODE = 'check_violation';
    END IF;
    SELECT EXISTS (
        SELECT FROM ledger_freeze f WHERE f.account_id = a.customer_id AND f.lifted_at IS NULL
    ), a.active_until INTO is_frozen, active FROM ledger_account a WHERE a.customer_id = customer FOR NO KEY UPDATE;
    IF of_kind = 'redeem' AND is_frozen THEN
        RETURN NEXT;
        RETURN;
    END IF;
    FOR lot IN
        SELECT id, remaining FROM ledger_lot
        WHERE account_id = customer AND remaining > 0
            AND (expires_on >= today OR expires_on IS NULL OR active >= today)
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
    UPDATE ledger_account a
        SET balance = a.balance - amount, last_number = coalesce(a.last_number, 0) + 1
        WHERE a.customer_id = customer
        RETURNING a.balance, a.last_number INTO balance_after, place;
    INSERT INTO ledger_entry (
        account_id, number, kind, points, balance_after, source, reference, programme_version_id,
        explanation, reason, occurred_at, recorded_at, recorded_by_id, approved_by_id
    ) VALUES (
        customer, place, of_kind, -amount, balance_after, from_source, ref, version,
        explained, why, moment, known_at, actor, approver
    ) RETURNING id INTO entry_id;
    INSERT INTO ledger_allocation (lot_id, entry_id, points)
        SELECT l, entry_id, p FROM unnest(taken, sizes) AS t (l, p);
    RETURN NEXT;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0017_parting_whole")]

    # Back: the debit stays, it does the same.
    operations = [
        migrations.RunSQL(HOLD, "DROP FUNCTION ledger_hold_known(bigint)"),
        migrations.RunSQL(DEBIT, migrations.RunSQL.noop),
    ]
