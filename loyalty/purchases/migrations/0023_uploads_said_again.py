import gzip
import json
from typing import Any

from django.db import migrations, models

# A text becomes the one part of itself.
TO_PARTS = """
ALTER TABLE purchases_upload
    ALTER said TYPE jsonb
        USING CASE WHEN said = '' THEN '[]'::jsonb ELSE jsonb_build_array(said) END,
    ALTER read_as TYPE jsonb
        USING CASE WHEN read_as = '' THEN '[]'::jsonb ELSE jsonb_build_array(read_as) END;
"""
TO_TEXT = """
ALTER TABLE purchases_upload
    ALTER said TYPE text USING coalesce(said ->> 0, ''),
    ALTER read_as TYPE varchar(200) USING left(coalesce(read_as ->> 0, ''), 200);
"""
KNOWN_BY_CONTENT = """
UPDATE purchases_upload SET file_sha256 = encode(sha256(content), 'hex') WHERE content IS NOT NULL
"""
STATES = [
    ("checking", "Being checked"),
    ("checked", "Checked, waits for you"),
    ("bringing", "Being brought in"),
    ("stopped", "Stopped in the middle"),
    ("done", "Brought in"),
    ("undoing", "Being taken back"),
    ("undone", "Taken back"),
    ("refused", "Could not be read"),
    ("dropped", "Put aside"),
]


def pack(apps: Any, _schema: Any) -> None:
    """The rows that were left out of earlier files stay as they were said then."""
    for upload in apps.get_model("purchases", "Upload").objects.exclude(refused=[]):
        rows = [json.dumps([int(line), field, [why]]) for line, field, why in upload.refused]
        upload.refused_rows = gzip.compress("".join(f"{row}\n" for row in rows).encode())
        upload.save(update_fields=["refused_rows"])


class Migration(migrations.Migration):
    dependencies = [("purchases", "0022_unfinished_imports")]

    operations = [
        migrations.RunSQL(
            TO_PARTS,
            reverse_sql=TO_TEXT,
            state_operations=[
                migrations.AlterField("upload", "said", models.JSONField(default=list)),
                migrations.AlterField("upload", "read_as", models.JSONField(default=list)),
            ],
        ),
        migrations.AddField("upload", "refused_rows", models.BinaryField(default=bytes)),
        migrations.AddField(
            "upload",
            "file_sha256",
            models.CharField(blank=True, max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AddField("upload", "tries", models.PositiveSmallIntegerField(default=0)),
        migrations.AlterField(
            "upload",
            "state",
            models.CharField(
                choices=STATES, default="checking", max_length=10, verbose_name="state"
            ),
        ),
        migrations.RunSQL(KNOWN_BY_CONTENT, reverse_sql=migrations.RunSQL.noop),
        migrations.RunPython(pack, migrations.RunPython.noop),
    ]
