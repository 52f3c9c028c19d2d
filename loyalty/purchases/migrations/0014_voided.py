from django.db import migrations, models
from django.db.models import F, Q

# A void says so at its sale: of a sale of nothing there is no amount that could tell.
APPLY = """
CREATE OR REPLACE FUNCTION purchases_apply_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    undone boolean;
BEGIN
    UPDATE purchases_purchase SET
        refunded_minor = refunded_minor + NEW.amount_minor, voided = voided OR NEW.kind = 'void'
        WHERE id = NEW.purchase_id
        RETURNING refunded_minor = amount_minor OR voided INTO undone;
    IF undone THEN
        UPDATE purchases_discountuse SET freed = true
            WHERE purchase_id = NEW.purchase_id AND NOT freed;
        UPDATE purchases_capuse SET freed = true
            WHERE purchase_id = NEW.purchase_id AND NOT freed;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION purchases_guard_purchase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - '{refunded_minor,voided,stands,customer_id}'::text[]
        <> to_jsonb(OLD) - '{refunded_minor,voided,stands,customer_id}'::text[]
        OR NEW.voided <> OLD.voided AND (OLD.voided OR pg_trigger_depth() < 2)
    THEN
        RAISE EXCEPTION 'a purchase stays as it was recorded'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
# The stored column is written for every row when it is added again, so this comes before the guard
# learns of it; the sales voided until now are told apart by their refunds.
VOIDED_BEFORE = """
ALTER TABLE purchases_purchase DISABLE TRIGGER guard_purchase;
UPDATE purchases_purchase p SET voided = true
WHERE EXISTS (SELECT FROM purchases_refund r WHERE r.purchase_id = p.id AND r.kind = 'void');
ALTER TABLE purchases_purchase ENABLE TRIGGER guard_purchase;
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0013_free_units")]

    # Back: the functions stay as they are until the column goes; 0006 and 0008 made the older ones.
    operations = [
        migrations.AddField(
            model_name="purchase",
            name="voided",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(VOIDED_BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField(model_name="purchase", name="stands"),
        migrations.AddField(
            model_name="purchase",
            name="stands",
            field=models.GeneratedField(
                db_persist=True,
                expression=(Q(refunded_minor__lt=F("amount_minor")) | Q(amount_minor=0))
                & Q(voided=False),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.RunSQL(APPLY, migrations.RunSQL.noop),
    ]
