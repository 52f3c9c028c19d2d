import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("purchases", "0024_uploads_stopped"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ColumnMap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[("sales", "Sales"), ("customers", "Customers")], max_length=10
                    ),
                ),
                ("key", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("text", models.TextField()),
                ("saved_at", models.DateTimeField(verbose_name="saved")),
            ],
            options={
                "ordering": ["about", "name"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="upload",
            name="upload_keeps_its_file_while_needed",
        ),
        migrations.AddField(
            model_name="upload",
            name="doubles",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="upload",
            name="sample",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="upload",
            name="separator",
            field=models.CharField(blank=True, max_length=1),
        ),
        migrations.AlterField(
            model_name="upload",
            name="state",
            field=models.CharField(
                choices=[
                    ("checking", "Being checked"),
                    ("asking", "Waits for its columns"),
                    ("checked", "Checked, waits for you"),
                    ("bringing", "Being brought in"),
                    ("stopped", "Stopped in the middle"),
                    ("done", "Brought in"),
                    ("undoing", "Being taken back"),
                    ("undone", "Taken back"),
                    ("refused", "Could not be read"),
                    ("dropped", "Put aside"),
                ],
                default="checking",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("sample__isnull", True), ("content__isnull", False), _connector="OR"
                ),
                name="upload_forgets_its_rows_with_its_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("content__isnull", False),
                        ("state__in", ["checking", "asking", "checked", "bringing"]),
                    ),
                    models.Q(
                        ("content", None), ("state__in", ["done", "undone", "refused", "dropped"])
                    ),
                    ("state__in", ["stopped", "undoing"]),
                    _connector="OR",
                ),
                name="upload_keeps_its_file_while_needed",
            ),
        ),
        migrations.AddField(
            model_name="columnmap",
            name="saved_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="columnmap",
            constraint=models.UniqueConstraint(
                fields=("about", "key"), name="column_map_key_is_its_own"
            ),
        ),
        migrations.AddConstraint(
            model_name="columnmap",
            constraint=models.CheckConstraint(
                condition=models.Q(("key__regex", "^[a-z0-9][a-z0-9._-]*$")),
                name="column_map_key_can_be_typed",
            ),
        ),
    ]
