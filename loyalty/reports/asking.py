"""How reports read: hand-written SQL, changing nothing, all figures of one moment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """
    All questions inside see the shop as it was at the first of them, and the database refuses
    to write. Inside a transaction that is already open, that one's rules hold instead.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def ask(sql: str, answers: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows of one question."""
    with connection.cursor() as cursor:
        cursor.execute(sql, answers)
        return list(cursor.fetchall())
