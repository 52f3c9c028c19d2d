"""
Bringing a whole shop into an empty installation, exactly as it left the other one.

The rows are history: nothing is worked out anew, and no guard is asked while they come. So
everything is proved at the end, in the same transaction: every key and check, the ledger, the sales,
the rewards and the tiers. What does not hold leaves nothing behind.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import InsufficientPrivilege

from loyalty.errors import DomainError
from loyalty.ledger import proof as ledger
from loyalty.operations.moving.tables import (
    FORMAT,
    SEEDED,
    VERSION,
    Table,
    migrations,
    quoted,
    tables,
)
from loyalty.purchases import proof as sales
from loyalty.tiers import proof as tiers
from rewards import proof as rewards

ROWS_AT_ONCE = 1_000
BYTES_AT_ONCE = 4_000_000
LONGEST_LINE = 20_000_000  # Bytes; a row with a picture is the longest.
LONGEST_MANIFEST = 10_000_000
_SEQUENCES = """
SELECT format('%%I', c.relname), format('%%I', a.attname), s.name
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
CROSS JOIN LATERAL (SELECT coalesce(
    pg_get_serial_sequence(format('%%I', c.relname), a.attname),
    (SELECT q.oid::regclass::text FROM pg_class q
        WHERE q.relkind = 'S' AND q.relnamespace = c.relnamespace
            AND q.relname = c.relname || '_' || a.attname)
) AS name) AS s
WHERE c.oid = %s::regclass AND s.name IS NOT NULL
"""


class ShopRefused(DomainError):
    """The file cannot become this installation's shop; nothing was written."""


def import_shop(path: Path, *, at: datetime) -> dict[str, Any]:
    """
    Fill this empty installation with the shop in the file, as the owner of its tables; return what
    the file's manifest says. All or nothing. Raises ShopRefused when the file is damaged, of another
    version of the product, or does not prove right, when there is a shop already, and when the
    database's user does not own its tables.
    """
    try:
        with zipfile.ZipFile(path) as archive, transaction.atomic():
            manifest = _manifest(archive)
            known = tables()
            _check(manifest, known)
            _fill(archive, manifest, known)
            _prove(at)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        raise ShopRefused(_("This file is damaged, or was not written by export_shop.")) from error
    except (DataError, IntegrityError) as error:
        reason = str(error).partition("\n")[0]
        raise ShopRefused(_("The rows do not fit together: %(why)s") % {"why": reason}) from error
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        raise ShopRefused(
            _(
                "Run this as the owner of the tables, with the DATABASE_URL that migrate is run with."
            )
        ) from error
    return manifest


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    with archive.open("manifest.json") as file:
        text = file.read(LONGEST_MANIFEST)
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise KeyError("manifest.json") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise KeyError("format")
    return manifest


def _check(manifest: dict[str, Any], known: list[Table]) -> None:
    if manifest["version"] != VERSION or manifest["migrations"] != migrations():
        raise ShopRefused(
            _("The file is of another version of the product: bring it into that one, then update.")
        )
    if [row["name"] for row in manifest["tables"]] != [table.name for table in known]:
        raise KeyError("tables")
    for table in known:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table.name})")  # noqa: S608 (a table of ours)
            (filled,) = cursor.fetchone()
        if filled and table.name not in SEEDED:
            raise ShopRefused(
                _("There is a shop here already: %(table)s has rows.") % {"table": table.name}
            )


def _fill(archive: zipfile.ZipFile, manifest: dict[str, Any], known: list[Table]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in known:
            cursor.execute(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
        for table in known:
            if table.name in SEEDED:
                cursor.execute(f"DELETE FROM {table.name}")  # noqa: S608 (a table of ours)
        for table, told in zip(known, manifest["tables"], strict=True):
            _fill_table(archive, table, told)
            _set_sequences(table)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in known:
            cursor.execute(f"ALTER TABLE {table.name} ENABLE TRIGGER USER")
            cursor.execute(f"ANALYZE {table.name}")


def _fill_table(archive: zipfile.ZipFile, table: Table, told: dict[str, Any]) -> None:
    columns = ", ".join(map(quoted, table.written))
    sql = (
        f"INSERT INTO {table.name} ({columns}) SELECT {columns}"  # noqa: S608 (names are ours)
        f" FROM json_populate_recordset(NULL::{table.name}, %s::json)"
    )
    digest, rows = hashlib.sha256(), 0
    with archive.open(table.file) as file, connection.cursor() as cursor:
        for some in _parts(file):
            for line in some:
                digest.update(line)
            rows += len(some)
            cursor.execute(sql, [f"[{','.join(line.decode() for line in some)}]"])
    if rows != told["rows"] or digest.hexdigest() != told["sha256"]:
        raise KeyError(table.file)


def _parts(file: IO[bytes]) -> Iterator[list[bytes]]:
    """So many lines at once, fewer where they are long."""
    some: list[bytes] = []
    size = 0
    for line in _lines(file):
        some.append(line)
        size += len(line)
        if len(some) == ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Line by line, none longer than a row can be."""
    while line := file.readline(LONGEST_LINE):
        if not line.endswith(b"\n"):
            raise KeyError("line")
        yield line


def _set_sequences(table: Table) -> None:
    """Numbers go on after the highest there is."""
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES, [table.name])
        for name, column, sequence in cursor.fetchall():
            cursor.execute(
                f"SELECT setval(%s, max({column})) FROM {name} HAVING max({column}) > 0",  # noqa: S608
                [sequence],
            )


def _prove(at: datetime) -> None:
    problems = [
        *map(str, ledger.verify().problems),
        *map(str, sales.verify().problems),
        *map(str, rewards.verify().problems),
        *map(str, tiers.verify(at=at).differences),
    ]
    if problems:
        why = "\n".join(problems)
        raise ShopRefused(_("The file does not prove right:\n%(why)s") % {"why": why})
