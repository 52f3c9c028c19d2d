import django.db.models.deletion
from django.db import migrations, models

# One step from a merged customer to the kept one, for any writer: the kept one is never merged
# itself, so there is no chain and no circle. The reference carries "is kept" with it, and only a
# customer who is not merged offers that. Deferred, so that a merge may turn several at once.
ONE_STEP = """
ALTER TABLE customers_customer
    ADD COLUMN is_kept boolean GENERATED ALWAYS AS (merged_into_id IS NULL) STORED,
    ADD COLUMN into_kept boolean GENERATED ALWAYS AS (
        CASE WHEN merged_into_id IS NOT NULL THEN true END
    ) STORED;
ALTER TABLE customers_customer ADD CONSTRAINT customer_kept_target UNIQUE (id, is_kept);
ALTER TABLE customers_customer ADD CONSTRAINT customer_merged_in_one_step
    FOREIGN KEY (merged_into_id, into_kept) REFERENCES customers_customer (id, is_kept)
    DEFERRABLE INITIALLY DEFERRED;
"""
ANY_STEPS = """
ALTER TABLE customers_customer DROP CONSTRAINT customer_merged_in_one_step;
ALTER TABLE customers_customer DROP CONSTRAINT customer_kept_target;
ALTER TABLE customers_customer DROP COLUMN into_kept, DROP COLUMN is_kept;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_guards")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged",
                to="customers.customer",
                verbose_name="merged into",
            ),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(("merged_into", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="customer_not_merged_into_itself",
            ),
        ),
        migrations.RunSQL(ONE_STEP, ANY_STEPS),
    ]
