from django.db import migrations

# Payments are history, and sum to what was due: for the goods, less what points paid, and for
# shipping. They are written by one statement, and checked after it.
CREATE = """
CALL shop_make_append_only('purchases_purchasepayment');

CREATE FUNCTION purchases_check_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM purchases_purchase p
        JOIN purchases_purchasepayment t ON t.purchase_id = p.id
        WHERE p.id IN (SELECT purchase_id FROM added)
        GROUP BY p.id
        HAVING sum(t.amount_minor) <> p.amount_minor - p.spent_minor
            + CASE WHEN p.free_shipping THEN 0 ELSE p.shipping_minor END
    ) THEN
        RAISE EXCEPTION 'the payments of a purchase do not sum to what is due'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_payments AFTER INSERT ON purchases_purchasepayment
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION purchases_check_payments();
"""
DROP = """
DROP TRIGGER check_payments ON purchases_purchasepayment;
DROP FUNCTION purchases_check_payments();
CALL shop_make_changeable('purchases_purchasepayment');
"""


class Migration(migrations.Migration):
    dependencies = [("purchases", "0015_payments"), ("shop", "0002_append_only")]

    operations = [migrations.RunSQL(CREATE, DROP)]
