"""Imports that stand in the middle: a worker or a command was stopped, and nobody went on yet."""

from django.db import connection

from loyalty.purchases.imports.turns import IMPORT_LOCK
from loyalty.purchases.models import ImportBatch, Upload

# A number of 64 bits is kept in two halves; such locks belong to one database.
_RUNNING = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE pid <> pg_backend_pid() AND locktype = 'advisory' AND objsubid = 1 AND classid = 0 AND objid = %s
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
"""


def stopped_elsewhere() -> list[ImportBatch]:
    """
    Those that the page does not know by an upload, the newest first. While any import runs there are
    none: the one that runs is unfinished, too.
    """
    if _is_running():
        return []
    on_their_way = Upload.objects.filter(state=Upload.State.BRINGING).values("file_sha256")
    begun = ImportBatch.objects.filter(finished_at=None, undone_at=None, upload=None)
    return list(begun.exclude(file_sha256__in=on_their_way))


def _is_running() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING, [IMPORT_LOCK])
        return bool(cursor.fetchone()[0])
