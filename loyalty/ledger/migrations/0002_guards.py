from django.db import migrations

# The chain: an entry names its forerunner with the balance it left, an account its newest
# entry. So "balance = sum of points, numbers without gaps" holds by induction, for any writer.
CHAIN = """
ALTER TABLE ledger_entry ADD CONSTRAINT entry_chain
    FOREIGN KEY (account_id, previous_number, balance_before)
    REFERENCES ledger_entry (account_id, number, balance_after);
ALTER TABLE ledger_account ADD CONSTRAINT account_names_newest_entry
    FOREIGN KEY (customer_id, last_number, balance)
    REFERENCES ledger_entry (account_id, number, balance_after)
    DEFERRABLE INITIALLY DEFERRED;
"""
UNCHAIN = """
ALTER TABLE ledger_account DROP CONSTRAINT account_names_newest_entry;
ALTER TABLE ledger_entry DROP CONSTRAINT entry_chain;
"""

# Lots move only by allocations, and at commit every entry is backed: a credit by its lot, a
# debit by what it took. Hence the sum of what is left in the lots is the balance.
LOTS = """
CREATE FUNCTION ledger_apply_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_lot SET remaining = remaining - NEW.points WHERE id = NEW.lot_id;
    RETURN NULL;
END $$;
CREATE TRIGGER apply_allocation AFTER INSERT ON ledger_allocation
    FOR EACH ROW EXECUTE FUNCTION ledger_apply_allocation();

CREATE FUNCTION ledger_guard_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2
        OR (NEW.id, NEW.entry_id, NEW.account_id, NEW.points, NEW.expires_on)
            IS DISTINCT FROM (OLD.id, OLD.entry_id, OLD.account_id, OLD.points, OLD.expires_on)
    THEN
        RAISE EXCEPTION 'ledger_lot moves only by allocations'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_lot BEFORE UPDATE ON ledger_lot
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_lot();
CREATE TRIGGER guard_lot_delete BEFORE DELETE ON ledger_lot
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_lot_truncate BEFORE TRUNCATE ON ledger_lot
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_account_delete BEFORE DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_account_truncate BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();

CREATE FUNCTION ledger_check_backing() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved bigint;
BEGIN
    IF NEW.points > 0 THEN
        SELECT points INTO moved FROM ledger_lot
            WHERE entry_id = NEW.id AND account_id = NEW.account_id;
    ELSE
        SELECT -sum(a.points) INTO moved
            FROM ledger_allocation a JOIN ledger_lot l ON l.id = a.lot_id
            WHERE a.entry_id = NEW.id AND l.account_id = NEW.account_id;
    END IF;
    IF moved IS DISTINCT FROM NEW.points THEN
        RAISE EXCEPTION 'ledger_entry % of % points is not backed by lots', NEW.id, NEW.points
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER check_backing AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_check_backing();

CALL shop_make_append_only('ledger_entry');
CALL shop_make_append_only('ledger_allocation');
REVOKE INSERT, UPDATE, DELETE ON ledger_account, ledger_entry, ledger_lot, ledger_allocation
    FROM loyalty_app;
"""
NO_LOTS = """
GRANT INSERT, UPDATE, DELETE ON ledger_account, ledger_lot TO loyalty_app;
GRANT INSERT ON ledger_entry, ledger_allocation TO loyalty_app;
CALL shop_make_changeable('ledger_allocation');
CALL shop_make_changeable('ledger_entry');
DROP TRIGGER check_backing ON ledger_entry;
DROP FUNCTION ledger_check_backing();
DROP TRIGGER guard_account_truncate ON ledger_account;
DROP TRIGGER guard_account_delete ON ledger_account;
DROP TRIGGER guard_lot_truncate ON ledger_lot;
DROP TRIGGER guard_lot_delete ON ledger_lot;
DROP TRIGGER guard_lot ON ledger_lot;
DROP FUNCTION ledger_guard_lot();
DROP TRIGGER apply_allocation ON ledger_allocation;
DROP FUNCTION ledger_apply_allocation();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CHAIN, UNCHAIN), migrations.RunSQL(LOTS, NO_LOTS)]
