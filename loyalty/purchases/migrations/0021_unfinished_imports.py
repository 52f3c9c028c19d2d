from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("purchases", "0020_sales_by_sets")]

    operations = [
        migrations.AlterField(
            model_name="importbatch",
            name="finished_at",
            field=models.DateTimeField(null=True, verbose_name="finished at"),
        ),
    ]
