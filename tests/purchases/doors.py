"""The two commands by which files come in, and all that a file could write."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection

from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.members.running import import_members
from loyalty.purchases.imports.parsing import parse
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.models import ImportBatch
from tests.factories.clock import NOON


@dataclass(frozen=True)
class Door:
    """One of them. A file for it has a number and a name, and what makes such a row a sound one."""

    name: str
    sound: tuple[tuple[str, str], ...]  # Columns and what they say.
    take: Callable[..., ImportBatch]

    def __str__(self) -> str:
        return self.name

    @property
    def columns(self) -> tuple[str, ...]:
        return ("customer", "name", *dict(self.sound))

    def rows(self, names: Iterable[str]) -> list[tuple[str, ...]]:
        """The header, and a sound row for each name, numbered from 1."""
        said = tuple(dict(self.sound).values())
        return [self.columns, *((str(n), name, *said) for n, name in enumerate(names, 1))]

    def text(self, names: Iterable[str]) -> str:
        """The same as CSV."""
        return "".join(",".join(row) + "\n" for row in self.rows(names))

    def bring(
        self, path: Path, *, also: str = "", name: str = "name", **options: Any
    ) -> ImportBatch:
        """Take a file in, of which one more column is mapped, or another one has the names."""
        columns = {key: key for key in (*self.columns, *filter(None, [also]))} | {"name": name}
        lines = [f'{key}.column = "{header}"' for key, header in columns.items()]
        return self.take(path, "\n".join(['source = "old"', "[columns]", *lines]), **options)


def _sales(path: Path, how: str, **options: Any) -> ImportBatch:
    return import_file(Job(path=path, layout=parse(how), at=NOON, by=None, **options))


def _members(path: Path, how: str, **options: Any) -> ImportBatch:
    layout = parse(how, About.CUSTOMERS)
    return import_members(Job(path=path, layout=layout, at=NOON, by=None, **options)).batch


SALES = Door("sales", (("date", "2026-11-20"), ("amount", "45000")), _sales)
CUSTOMERS = Door("customers", (("points", "45"),), _members)
DOORS = (SALES, CUSTOMERS)


def table_counts() -> dict[str, int]:
    """How many rows every table of the database has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        names = [name for (name,) in cursor.fetchall()]
        counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
        cursor.execute(counts)
        return dict(cursor.fetchall())
