import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_lunar_birthdays"),
        ("programme", "0002_guards"),
        ("tiers", "0006_standing_of_one"),
    ]

    operations = [
        migrations.AlterField(
            model_name="qualification",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="qualifications",
                to="customers.customer",
            ),
        ),
        migrations.AlterField(
            model_name="standing",
            name="programme_version",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="programme.programmeversion",
            ),
        ),
        # Room on the page for the next version of a row, which then needs no new index entries.
        migrations.RunSQL(
            "ALTER TABLE tiers_standing SET (fillfactor = 80)",
            "ALTER TABLE tiers_standing RESET (fillfactor)",
        ),
    ]
