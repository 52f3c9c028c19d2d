from django.db import migrations

# The lines of a bill sum to what is paid for it, to its discount and to its points; the lines of
# a refund to what it gives back. Each set is written by one statement, and checked after it.
SUMS = """
CREATE FUNCTION purchases_check_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM purchases_purchase p
        JOIN purchases_purchaseline l ON l.purchase_id = p.id
        WHERE p.id IN (SELECT purchase_id FROM added)
        GROUP BY p.id
        HAVING (sum(l.net_minor), sum(l.discount_minor), sum(l.points))
                <> (p.amount_minor, p.discount_minor, p.points)
            OR p.uncounted_minor
                <> coalesce(sum(l.net_minor) FILTER (WHERE NOT l.counts_for_tier), 0)
    ) THEN
        RAISE EXCEPTION 'the lines of a purchase do not sum to it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_lines AFTER INSERT ON purchases_purchaseline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION purchases_check_lines();

CREATE FUNCTION purchases_check_refund_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM purchases_refund r
        JOIN purchases_refundline t ON t.refund_id = r.id
        JOIN purchases_purchaseline l ON l.id = t.line_id
        WHERE r.id IN (SELECT refund_id FROM added)
        GROUP BY r.id
        HAVING sum(t.amount_minor) <> r.amount_minor
            OR bool_or(l.purchase_id <> r.purchase_id)
    ) THEN
        RAISE EXCEPTION 'the lines of a refund do not sum to it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_refund_lines AFTER INSERT ON purchases_refundline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION purchases_check_refund_lines();

CREATE FUNCTION purchases_check_refund_of_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.amount_minor > 0
        AND EXISTS (SELECT FROM purchases_purchaseline WHERE purchase_id = NEW.purchase_id)
        AND NOT EXISTS (SELECT FROM purchases_refundline WHERE refund_id = NEW.id)
    THEN
        RAISE EXCEPTION 'a refund says which lines it gives back'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER check_refund_of_lines AFTER INSERT ON purchases_refund
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION purchases_check_refund_of_lines();
"""
NO_SUMS = """
DROP TRIGGER check_refund_of_lines ON purchases_refund;
DROP FUNCTION purchases_check_refund_of_lines();
DROP TRIGGER check_refund_lines ON purchases_refundline;
DROP FUNCTION purchases_check_refund_lines();
DROP TRIGGER check_lines ON purchases_purchaseline;
DROP FUNCTION purchases_check_lines();
"""

# What was given back of a line is the sum of its refunds, whoever writes them.
REFUNDED = """
CREATE FUNCTION purchases_apply_refund_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE purchases_purchaseline SET
        refunded_minor = refunded_minor + NEW.amount_minor,
        refunded_quantity = refunded_quantity + NEW.quantity
        WHERE id = NEW.line_id;
    RETURN NULL;
END $$;
CREATE TRIGGER apply_refund_line AFTER INSERT ON purchases_refundline
    FOR EACH ROW EXECUTE FUNCTION purchases_apply_refund_line();

CREATE FUNCTION purchases_guard_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2
        OR (to_jsonb(NEW) - '{refunded_minor,refunded_quantity}'::text[])
            <> (to_jsonb(OLD) - '{refunded_minor,refunded_quantity}'::text[])
    THEN
        RAISE EXCEPTION 'a line changes only by refunds'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_line BEFORE UPDATE ON purchases_purchaseline
    FOR EACH ROW EXECUTE FUNCTION purchases_guard_line();
CREATE TRIGGER guard_line_delete BEFORE DELETE ON purchases_purchaseline
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_line_truncate BEFORE TRUNCATE ON purchases_purchaseline
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
CALL shop_make_append_only('purchases_refundline');
"""
NOT_REFUNDED = """
CALL shop_make_changeable('purchases_refundline');
DROP TRIGGER guard_line_truncate ON purchases_purchaseline;
DROP TRIGGER guard_line_delete ON purchases_purchaseline;
DROP TRIGGER guard_line ON purchases_purchaseline;
DROP FUNCTION purchases_guard_line();
DROP TRIGGER apply_refund_line ON purchases_refundline;
DROP FUNCTION purchases_apply_refund_line();
"""

# A sale that was wholly given back, or cancelled, used nothing up.
FREED = """
CREATE OR REPLACE FUNCTION purchases_apply_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    undone boolean;
BEGIN
    UPDATE purchases_purchase SET refunded_minor = refunded_minor + NEW.amount_minor
        WHERE id = NEW.purchase_id
        RETURNING refunded_minor = amount_minor OR NEW.kind = 'void' INTO undone;
    IF undone THEN
        UPDATE purchases_discountuse SET freed = true
            WHERE purchase_id = NEW.purchase_id AND NOT freed;
        UPDATE purchases_capuse SET freed = true
            WHERE purchase_id = NEW.purchase_id AND NOT freed;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION purchases_guard_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 OR OLD.freed
        OR to_jsonb(NEW) - 'freed' <> to_jsonb(OLD) - 'freed'
    THEN
        RAISE EXCEPTION '% changes only when its purchase is undone', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_use BEFORE UPDATE ON purchases_discountuse
    FOR EACH ROW EXECUTE FUNCTION purchases_guard_use();
CREATE TRIGGER guard_use BEFORE UPDATE ON purchases_capuse
    FOR EACH ROW EXECUTE FUNCTION purchases_guard_use();
CREATE TRIGGER guard_use_delete BEFORE DELETE ON purchases_discountuse
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_use_delete BEFORE DELETE ON purchases_capuse
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_use_truncate BEFORE TRUNCATE ON purchases_discountuse
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_use_truncate BEFORE TRUNCATE ON purchases_capuse
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
"""
NOT_FREED = """
DROP TRIGGER guard_use_truncate ON purchases_capuse;
DROP TRIGGER guard_use_truncate ON purchases_discountuse;
DROP TRIGGER guard_use_delete ON purchases_capuse;
DROP TRIGGER guard_use_delete ON purchases_discountuse;
DROP TRIGGER guard_use ON purchases_capuse;
DROP TRIGGER guard_use ON purchases_discountuse;
DROP FUNCTION purchases_guard_use();
CREATE OR REPLACE FUNCTION purchases_apply_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE purchases_purchase SET refunded_minor = refunded_minor + NEW.amount_minor
        WHERE id = NEW.purchase_id;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0005_lines_and_payments"), ("shop", "0002_append_only")]

    operations = [
        migrations.RunSQL(SUMS, NO_SUMS),
        migrations.RunSQL(REFUNDED, NOT_REFUNDED),
        migrations.RunSQL(FREED, NOT_FREED),
    ]
