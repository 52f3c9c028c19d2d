from django.db import migrations

# What vouchers took off is history. How often a shared one was used is counted here, under the lock
# of its row, whoever writes the use; who was merged into a customer used it for them.
CREATE = """
CALL shop_make_append_only('rewards_voucheruse');

CREATE FUNCTION rewards_count_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    most integer;
    had integer;
BEGIN
    UPDATE rewards_sharedvoucher SET uses = uses + 1 WHERE id = NEW.shared_id
        RETURNING most_per_customer INTO most;
    IF NEW.customer_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT count(*), coalesce(max(u.number) FILTER (WHERE u.customer_id = NEW.customer_id), 0) + 1
        INTO had, NEW.number
        FROM rewards_voucheruse u JOIN customers_customer c ON c.id = u.customer_id
        WHERE u.shared_id = NEW.shared_id
            AND (c.id = NEW.customer_id OR c.merged_into_id = NEW.customer_id);
    IF had >= most THEN
        RAISE EXCEPTION 'a customer has used shared voucher % so often as they may', NEW.shared_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER count_use BEFORE INSERT ON rewards_voucheruse
    FOR EACH ROW WHEN (NEW.shared_id IS NOT NULL) EXECUTE FUNCTION rewards_count_use();

CREATE FUNCTION rewards_guard_uses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'uses of a shared voucher move only with its uses'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_uses BEFORE UPDATE OF uses ON rewards_sharedvoucher
    FOR EACH ROW WHEN (NEW.uses <> OLD.uses) EXECUTE FUNCTION rewards_guard_uses();
"""
DROP = """
DROP TRIGGER guard_uses ON rewards_sharedvoucher;
DROP FUNCTION rewards_guard_uses();
DROP TRIGGER count_use ON rewards_voucheruse;
DROP FUNCTION rewards_count_use();
CALL shop_make_changeable('rewards_voucheruse');
"""


class Migration(migrations.Migration):
    dependencies = [("rewards", "0014_voucher_uses"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
