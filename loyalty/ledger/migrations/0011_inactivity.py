from django.db import migrations, models

# A lot changes by allocations alone, and once more in its life: when it is found to have ended.
GUARD_LOT = """
CREATE OR REPLACE FUNCTION ledger_guard_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.entry_id, NEW.account_id, NEW.points, NEW.usable_from, NEW.expires_on)
            IS DISTINCT FROM
            (OLD.id, OLD.entry_id, OLD.account_id, OLD.points, OLD.usable_from, OLD.expires_on)
        OR (NEW.remaining <> OLD.remaining AND pg_trigger_depth() < 2)
        OR (NEW.ended_on IS DISTINCT FROM OLD.ended_on
            AND (OLD.ended_on IS NOT NULL OR NEW.remaining > 0))
    THEN
        RAISE EXCEPTION 'ledger_lot moves only by allocations'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""

# A purchase keeps the customer's points alive through a day; never a shorter time than before.
# Whoever comes back after their points had ended begins anew: what is due expires first, and the
# lots that are over are marked, so that what is given back into one of them later has ended too.
EXTEND = """
CREATE FUNCTION ledger_extend(
    customers bigint[], days date[], today date, zone text, known_at timestamptz
) RETURNS TABLE (customer_id bigint, balance bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    one record;
BEGIN
    PERFORM ledger_lock(customers);
    FOR one IN
        SELECT a.customer_id AS id, a.active_until, max(w.until) AS until
        FROM unnest(customers, days) AS w (id, until)
        JOIN ledger_account a ON a.customer_id = w.id
        GROUP BY a.customer_id
        HAVING a.active_until IS NULL OR a.active_until < max(w.until)
        ORDER BY a.customer_id
    LOOP
        IF one.active_until IS NULL OR one.active_until < today THEN
            PERFORM ledger_expire(one.id, today, zone, known_at);
            UPDATE ledger_lot l SET ended_on = greatest(l.expires_on, one.active_until)
                WHERE l.ended_on IS NULL AND l.expires_on < today AND (
                    l.account_id = one.id OR l.account_id IN (
                        SELECT c.id FROM customers_customer c WHERE c.merged_into_id = one.id
                    )
                );
        END IF;
        UPDATE ledger_account a SET active_until = one.until WHERE a.customer_id = one.id;
    END LOOP;
    RETURN QUERY SELECT a.customer_id, a.balance FROM ledger_account a
        WHERE a.customer_id = ANY (customers);
END $$;
"""

# As in 0010, but a lot lasts as long as its customer is active. The order of the lots' own days
# is that of their ends, too.
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
BEGIN
    IF amount <= 0 THEN
        RAISE EXCEPTION 'amount must be positive: %', amount USING ERRCODE = 'check_violation';
    END IF;
    SELECT a.active_until INTO active FROM ledger_account a
        WHERE a.customer_id = customer FOR NO KEY UPDATE;
    IF of_kind = 'redeem' AND EXISTS (
        SELECT FROM ledger_freeze f WHERE f.account_id = customer AND f.lifted_at IS NULL
    ) THEN
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

# As in 0006, but a lot ends at the later of its own last day and the customer's, unless it was
# marked as over before.
EXPIRE = """
CREATE OR REPLACE FUNCTION ledger_expire(
    customer bigint, today date, zone text, known_at timestamptz
) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    account record;
    active date;
    expired int;
BEGIN
    SELECT * INTO account FROM ledger_lock(ARRAY[customer]);
    SELECT a.active_until INTO active FROM ledger_account a WHERE a.customer_id = customer;
    WITH due AS (
        SELECT l.id, l.remaining, l.ends_on,
            account.last_number + row_number() OVER w AS number,
            account.balance - sum(l.remaining) OVER w AS balance,
            (
                SELECT count(*) FROM ledger_allocation a JOIN ledger_entry e ON e.id = a.entry_id
                WHERE a.lot_id = l.id AND e.kind = 'expire'
            ) AS before
        FROM (
            SELECT o.*, coalesce(o.ended_on, greatest(o.expires_on, active)) AS ends_on
            FROM ledger_lot o
            WHERE o.account_id = customer AND o.remaining > 0 AND o.expires_on < today
        ) AS l
        WHERE l.ends_on < today
        WINDOW w AS (ORDER BY l.ends_on, l.expires_on, l.id)
    ), entry AS (
        INSERT INTO ledger_entry (
            account_id, number, kind, points, balance_after, source, reference, explanation,
            reason, occurred_at, recorded_at
        )
        SELECT customer, d.number, 'expire', -d.remaining, d.balance, 'expiry',
            'lot:' || d.id || CASE WHEN d.before > 0 THEN '/' || d.before + 1 ELSE '' END,
            jsonb_build_object('expires_on', d.ends_on), '',
            (d.ends_on + 1)::timestamp AT TIME ZONE zone, known_at
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


class Migration(migrations.Migration):
    dependencies = [("ledger", "0010_spending_faster")]

    # No way back, as 0005: a lot may be marked by then.
    operations = [
        migrations.AddField(
            model_name="account",
            name="active_until",
            field=models.DateField(editable=False, null=True, verbose_name="active until"),
        ),
        migrations.AddField(
            model_name="lot",
            name="ended_on",
            field=models.DateField(editable=False, null=True, verbose_name="ended on"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_on__isnull", True),
                    ("ended_on__gte", models.F("expires_on")),
                    _connector="OR",
                ),
                name="lot_ends_no_sooner_than_promised",
            ),
        ),
        migrations.RunSQL(GUARD_LOT + EXTEND + DEBIT + EXPIRE),
    ]
