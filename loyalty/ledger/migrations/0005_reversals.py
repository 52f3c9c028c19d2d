from django.db import migrations

# An allocation moves its lot, and the debt it repays.
GUARDS = """
CREATE OR REPLACE FUNCTION ledger_apply_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_lot SET remaining = remaining - NEW.points WHERE id = NEW.lot_id;
    IF NEW.debt_id IS NOT NULL THEN
        UPDATE ledger_debt SET remaining = remaining - NEW.points WHERE id = NEW.debt_id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_guard_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2
        OR (NEW.id, NEW.entry_id, NEW.account_id, NEW.points, NEW.usable_from, NEW.expires_on)
            IS DISTINCT FROM
            (OLD.id, OLD.entry_id, OLD.account_id, OLD.points, OLD.usable_from, OLD.expires_on)
    THEN
        RAISE EXCEPTION 'ledger_lot moves only by allocations'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION ledger_guard_debt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2
        OR (NEW.id, NEW.entry_id, NEW.account_id, NEW.points, NEW.floor)
            IS DISTINCT FROM (OLD.id, OLD.entry_id, OLD.account_id, OLD.points, OLD.floor)
    THEN
        RAISE EXCEPTION 'ledger_debt moves only by allocations'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_debt BEFORE UPDATE ON ledger_debt
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_debt();
CREATE TRIGGER guard_debt_delete BEFORE DELETE ON ledger_debt
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_debt_truncate BEFORE TRUNCATE ON ledger_debt
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
REVOKE INSERT, UPDATE, DELETE ON ledger_debt FROM loyalty_app;
REVOKE DELETE ON ledger_freeze FROM loyalty_app;
"""

# At commit every entry is backed: what is added by its lot, what is taken by lots and, for a
# reversal, by a debt within its floor; what is given back lies in the lots it was taken from.
BACKING = """
CREATE OR REPLACE FUNCTION ledger_check_backing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved bigint := 0;
    owed record;
BEGIN
    SELECT points, floor INTO owed FROM ledger_debt
        WHERE entry_id = NEW.id AND account_id = NEW.account_id;
    IF NEW.points > 0 AND NEW.kind <> 'reverse' THEN
        SELECT points INTO moved FROM ledger_lot
            WHERE entry_id = NEW.id AND account_id = NEW.account_id;
    ELSE
        SELECT coalesce(-sum(a.points), 0) INTO moved
            FROM ledger_allocation a JOIN ledger_lot l ON l.id = a.lot_id
            WHERE a.entry_id = NEW.id AND a.debt_id IS NULL AND l.account_id = NEW.account_id;
    END IF;
    IF moved - coalesce(owed.points, 0) IS DISTINCT FROM NEW.points
        OR (owed.points > 0 AND (NEW.kind <> 'reverse' OR NEW.balance_after < owed.floor))
    THEN
        RAISE EXCEPTION 'ledger_entry % of % points is not backed by lots', NEW.id, NEW.points
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind = 'reverse' THEN
        PERFORM ledger_check_reversal(NEW.reverses_id, NEW.account_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_check_reversal(reversed bigint, account bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_entry o
        JOIN ledger_entry r ON r.reverses_id = o.id AND r.account_id = o.account_id
        WHERE o.id = reversed AND o.account_id = account
        GROUP BY o.id
        HAVING bool_and(sign(r.points) = -sign(o.points)) AND abs(sum(r.points)) <= abs(o.points)
    ) OR EXISTS (
        SELECT FROM ledger_allocation a
        JOIN ledger_entry e ON e.id = a.entry_id
        WHERE (e.id = reversed OR e.reverses_id = reversed)
            AND a.debt_id IS NULL AND (SELECT points FROM ledger_entry WHERE id = reversed) < 0
        GROUP BY a.lot_id HAVING sum(a.points) < 0
    ) THEN
        RAISE EXCEPTION 'ledger_entry % is reversed by more than it was', reversed
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
"""

# Points or a debt, never both; so the balance alone says which, and how much.
EXCLUSIVE = """
CREATE FUNCTION ledger_check_debt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_debt WHERE account_id = NEW.account_id AND remaining > 0)
        AND EXISTS (SELECT FROM ledger_lot WHERE account_id = NEW.account_id AND remaining > 0)
    THEN
        RAISE EXCEPTION 'account % owes points and has some', NEW.account_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER check_debt AFTER INSERT ON ledger_debt
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_debt();
CREATE CONSTRAINT TRIGGER check_debt_opened AFTER INSERT ON ledger_lot
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_debt();
CREATE CONSTRAINT TRIGGER check_debt_refilled AFTER UPDATE ON ledger_lot
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.remaining > OLD.remaining)
    EXECUTE FUNCTION ledger_check_debt();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_debts_and_pending")]

    # No way back: a customer may owe points by then, which the older rules cannot say.
    operations = [migrations.RunSQL(GUARDS + BACKING + EXCLUSIVE)]
