import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


def _kept(model: str, on_delete: object = django.db.models.deletion.PROTECT) -> migrations.AddField:
    field = models.ForeignKey(
        "rewards.terms",
        on_delete=on_delete,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
        null=True,
    )
    return migrations.AddField(model, "terms", field)


class Migration(migrations.Migration):
    dependencies = [("rewards", "0018_redeem_by_index")]

    operations = [
        migrations.CreateModel(
            name="Terms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "name_en",
                    models.CharField(blank=True, max_length=100, verbose_name="name in English"),
                ),
                (
                    "description",
                    models.CharField(blank=True, max_length=200, verbose_name="description"),
                ),
                (
                    "description_en",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="description in English"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("free_item", "Free item"),
                            ("discount_amount", "Money off"),
                            ("discount_percent", "Percent off"),
                            ("gift", "Gift"),
                        ],
                        default="free_item",
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("value_minor", models.PositiveBigIntegerField(default=0, verbose_name="worth")),
                (
                    "percent",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="percent"),
                ),
                (
                    "most_minor",
                    models.PositiveBigIntegerField(
                        blank=True, null=True, verbose_name="most money off"
                    ),
                ),
                (
                    "minimum_minor",
                    models.PositiveBigIntegerField(default=0, verbose_name="smallest bill"),
                ),
                ("scope", models.JSONField(blank=True, default=dict, verbose_name="goods")),
                (
                    "branches",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="branches",
                    ),
                ),
                (
                    "reward",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="terms_until_now",
                        to="rewards.reward",
                        verbose_name="reward",
                    ),
                ),
            ],
            options={
                "verbose_name": "terms of a reward",
                "verbose_name_plural": "terms of rewards",
                "constraints": [
                    models.UniqueConstraint(fields=["id", "reward"], name="terms_of_one_reward")
                ],
            },
        ),
        _kept("reward", django.db.models.deletion.DO_NOTHING),
        _kept("voucher"),
        _kept("sharedvoucher"),
    ]
