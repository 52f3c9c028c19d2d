"""Writing the whole shop into one ZIP that other programs can read too."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from loyalty.operations.moving.tables import (
    BLANKED,
    FORMAT,
    LEFT_OUT,
    VERSION,
    Table,
    migrations,
    quoted,
    tables,
)
from loyalty.programme.models import ProgrammeVersion
from loyalty.reports.asking import one_moment
from loyalty.reports.models import Export
from loyalty.shop.queries import get_shop

ROWS_AT_ONCE = 2_000
README = """This archive holds all of a shop's data, as of one moment.

manifest.json   what is inside: each table's file, its number of rows and its SHA-256
data/*.ndjson   a table each: a row a line, each a JSON object of its columns (UTF-8)
documents/      the rules of the programme, a TOML file for each version

Money stands in the smallest unit of the shop's currency, points are whole, moments are in UTC.
It holds personal data, and what opens customers' cards and vouchers: keep it like a backup.
"""


def export_shop(path: Path, *, at: datetime) -> dict[str, Any]:
    """
    Write the shop into the file and return what its manifest says. The file appears whole or not
    at all, readable by its owner only. Reads all tables as they were at one moment; only so many
    rows are in memory. Raises ShopMissing, and OSError for a file that cannot be written.
    """
    Export.objects.create(name="shop", format=Export.Format.ZIP, exported_at=at)
    with _whole(path) as archive, one_moment():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL TimeZone = 'UTC'")
        shop = get_shop()
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "shop": shop.name,
            "currency": shop.currency,
            "time_zone": shop.time_zone,
            "exported_at": at.isoformat(),
            "migrations": migrations(),
            "tables": [_write_table(archive, table) for table in tables()],
            "left_out": LEFT_OUT,
        }
        for version in ProgrammeVersion.objects.order_by("number"):
            archive.writestr(f"documents/programme-{version.number}.toml", version.document)
        archive.writestr("README.txt", README)
        archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


@contextmanager
def _whole(path: Path) -> Iterator[zipfile.ZipFile]:
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.touch(mode=0o600)
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            yield archive
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_table(archive: zipfile.ZipFile, table: Table) -> dict[str, Any]:
    digest, rows = hashlib.sha256(), 0
    with archive.open(table.file, "w", force_zip64=True) as file:
        for line in _lines(table):
            file.write(line)
            digest.update(line)
            rows += 1
    return {
        "name": table.name,
        "file": table.file,
        "columns": list(table.columns),
        "rows": rows,
        "sha256": digest.hexdigest(),
    }


def _lines(table: Table) -> Iterator[bytes]:
    blank = BLANKED.get(table.name, {})
    columns = ", ".join(
        f"%s::text AS {quoted(name)}" if name in blank else quoted(name) for name in table.columns
    )
    sql = (
        f"SELECT row_to_json(t)::text FROM"  # noqa: S608 (the names are the database's own)
        f" (SELECT {columns} FROM {table.name} ORDER BY {table.order}) AS t"
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, [blank[name] for name in table.columns if name in blank])
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for (text,) in rows:
                yield text.encode() + b"\n"
