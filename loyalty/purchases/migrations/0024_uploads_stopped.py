from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("purchases", "0023_uploads_said_again")]

    operations = [
        migrations.RemoveField("upload", "refused"),
        migrations.RemoveConstraint("upload", "upload_keeps_its_file_while_needed"),
        migrations.RemoveConstraint("upload", "upload_names_what_it_brought"),
        migrations.AddConstraint(
            "upload",
            models.CheckConstraint(
                condition=Q(state__in=["checking", "checked", "bringing"], content__isnull=False)
                | Q(state__in=["done", "undone", "refused", "dropped"], content=None)
                | Q(state__in=["stopped", "undoing"]),
                name="upload_keeps_its_file_while_needed",
            ),
        ),
        migrations.AddConstraint(
            "upload",
            models.CheckConstraint(
                condition=Q(state__in=["stopped", "done", "undoing", "undone"], batch__isnull=False)
                | ~Q(state__in=["stopped", "done", "undoing", "undone"]) & Q(batch=None),
                name="upload_names_what_it_brought",
            ),
        ),
    ]
