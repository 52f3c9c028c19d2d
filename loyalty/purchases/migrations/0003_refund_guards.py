from django.db import migrations

# What was given back of a sale is the sum of its refunds, whoever writes them.
CREATE = """
CREATE FUNCTION purchases_apply_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE purchases_purchase SET refunded_minor = refunded_minor + NEW.amount_minor
        WHERE id = NEW.purchase_id;
    RETURN NULL;
END $$;
CREATE TRIGGER apply_refund AFTER INSERT ON purchases_refund
    FOR EACH ROW EXECUTE FUNCTION purchases_apply_refund();

CREATE FUNCTION purchases_guard_refunded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'refunded_minor moves only by refunds'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_refunded BEFORE UPDATE OF refunded_minor ON purchases_purchase
    FOR EACH ROW WHEN (NEW.refunded_minor <> OLD.refunded_minor)
    EXECUTE FUNCTION purchases_guard_refunded();
CALL shop_make_append_only('purchases_refund');
"""
DROP = """
CALL shop_make_changeable('purchases_refund');
DROP TRIGGER guard_refunded ON purchases_purchase;
DROP FUNCTION purchases_guard_refunded();
DROP TRIGGER apply_refund ON purchases_refund;
DROP FUNCTION purchases_apply_refund();
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0002_refunds"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
