import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("shop", "0003_legal_rules")]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20, verbose_name="data")),
                (
                    "format",
                    models.CharField(
                        choices=[("csv", "CSV"), ("xlsx", "Excel"), ("zip", "ZIP")],
                        max_length=4,
                        verbose_name="format",
                    ),
                ),
                ("since", models.DateField(null=True, verbose_name="from")),
                ("until", models.DateField(null=True, verbose_name="to")),
                ("exported_at", models.DateTimeField(verbose_name="exported at")),
                (
                    "exported_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="exported by",
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "ordering": ["-pk"],
            },
        ),
        migrations.RunSQL(
            "CALL shop_make_append_only('reports_export')",
            "CALL shop_make_changeable('reports_export')",
        ),
    ]
