from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("purchases", "0021_uploads")]

    operations = [
        migrations.AlterField(
            model_name="importbatch",
            name="finished_at",
            field=models.DateTimeField(null=True, verbose_name="finished at"),
        ),
    ]
