import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_lunar_birthdays"),
        ("ledger", "0015_leaner_indexes"),
        ("purchases", "0010_sale_in_two_calls"),
        ("shop", "0003_legal_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="purchase",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="purchases",
                to="purchases.importbatch",
            ),
        ),
        migrations.AlterField(
            model_name="purchase",
            name="branch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="shop.branch",
            ),
        ),
        migrations.AlterField(
            model_name="purchase",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="purchases",
                to="customers.customer",
            ),
        ),
        migrations.AlterField(
            model_name="purchase",
            name="recorded_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="purchase",
            index=models.Index(
                condition=models.Q(("batch__isnull", False)),
                fields=["batch"],
                name="purchase_of_batch",
            ),
        ),
        # Room on the page for the next version of a row, which then needs no new index entries.
        migrations.RunSQL(
            "ALTER TABLE purchases_activity SET (fillfactor = 80)",
            "ALTER TABLE purchases_activity RESET (fillfactor)",
        ),
    ]
