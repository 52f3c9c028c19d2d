import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_lunar_birthdays"),
        ("rewards", "0009_stamp_guards"),
        ("shop", "0003_legal_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="redemption",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="redemptions",
                to="customers.customer",
            ),
        ),
        migrations.AlterField(
            model_name="redemption",
            name="reward",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="redemptions",
                to="rewards.reward",
            ),
        ),
        migrations.AlterField(
            model_name="voucher",
            name="code",
            field=models.CharField(max_length=8, verbose_name="code"),
        ),
        migrations.AlterField(
            model_name="voucher",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="vouchers",
                to="customers.customer",
            ),
        ),
        migrations.AlterField(
            model_name="voucher",
            name="reward",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="vouchers",
                to="rewards.reward",
            ),
        ),
        migrations.AlterField(
            model_name="voucher",
            name="token",
            field=models.CharField(max_length=22),
        ),
        migrations.AlterField(
            model_name="voucher",
            name="used_branch",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="shop.branch",
                verbose_name="used in",
            ),
        ),
        migrations.AlterField(
            model_name="voucher",
            name="used_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.UniqueConstraint(fields=("code",), name="voucher_code_unique"),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.UniqueConstraint(fields=("token",), name="voucher_token_unique"),
        ),
    ]
