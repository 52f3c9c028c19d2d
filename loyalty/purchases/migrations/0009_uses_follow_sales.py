from django.db import migrations

# What a sale used up belongs to whoever the sale belongs to; that changes when customers are merged.
FOLLOW = """
CREATE OR REPLACE FUNCTION purchases_guard_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'customer_id' = to_jsonb(OLD) - 'customer_id' AND EXISTS (
        SELECT FROM purchases_purchase p
        WHERE p.id = NEW.purchase_id AND p.customer_id = NEW.customer_id
    ) THEN
        RETURN NEW;
    END IF;
    IF pg_trigger_depth() < 2 OR OLD.freed
        OR to_jsonb(NEW) - 'freed' <> to_jsonb(OLD) - 'freed'
    THEN
        RAISE EXCEPTION '% changes only when its purchase is undone', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0008_purchase_guards")]

    # Back: the guard stays; it lets pass all that the older one did.
    operations = [migrations.RunSQL(FOLLOW, migrations.RunSQL.noop)]
