from django.db import migrations

# A sale stays as it was recorded. What refunds give back has a guard of its own (0003), and whose
# it is may change when two customers turn out to be one.
CREATE = """
CREATE FUNCTION purchases_guard_purchase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - '{refunded_minor,stands,customer_id}'::text[]
        <> to_jsonb(OLD) - '{refunded_minor,stands,customer_id}'::text[]
    THEN
        RAISE EXCEPTION 'a purchase stays as it was recorded'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_purchase BEFORE UPDATE ON purchases_purchase
    FOR EACH ROW EXECUTE FUNCTION purchases_guard_purchase();
CREATE TRIGGER guard_purchase_delete BEFORE DELETE ON purchases_purchase
    FOR EACH ROW EXECUTE FUNCTION shop_refuse_change();
CREATE TRIGGER guard_purchase_truncate BEFORE TRUNCATE ON purchases_purchase
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
"""
DROP = """
DROP TRIGGER guard_purchase_truncate ON purchases_purchase;
DROP TRIGGER guard_purchase_delete ON purchases_purchase;
DROP TRIGGER guard_purchase ON purchases_purchase;
DROP FUNCTION purchases_guard_purchase();
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0007_lines_in_order"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
