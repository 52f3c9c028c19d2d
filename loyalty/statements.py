"""
Calling the database's own functions with as little in between as the driver allows.

Django writes the values into the text of a statement, so PostgreSQL plans each one anew, and its
cursor is three layers of Python. For what a till waits for that was most of the cost. Here a
statement is prepared once a connection and afterwards sent as its name and its values.
"""

import threading
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.types.numeric import Int8Dumper


class _Kept(threading.local):
    cursor: psycopg.Cursor[tuple[Any, ...]] | None = None


_kept = _Kept()


def one_row(statement: str, values: Sequence[Any]) -> tuple[Any, ...]:
    """
    The one row that the call in `statement` answers with, as part of the transaction that is open,
    or as one by itself. Errors are Django's. Tells the types of what may be null: `%s::bigint`.
    """
    connection = connections[DEFAULT_DB_ALIAS]  # Once: its proxy looks it up at every name.
    if connection.queries_logged or connection.execute_wrappers:  # Somebody watches statements.
        with connection.cursor() as watched:
            watched.execute(statement, values)
            return _only(watched.fetchone())
    connection.validate_no_broken_transaction()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = _cursor(connection.connection)
        return _only(cursor.execute(statement, values, prepare=True).fetchone())


def _only(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    if row is None:
        raise ValueError("the call answered with no row")
    return row


def _cursor(raw: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """The driver's own cursor of this thread's connection."""
    if _kept.cursor is None or _kept.cursor.connection is not raw:
        _kept.cursor = psycopg.Cursor(raw)
        # All whole numbers as one type: by their size there would be a statement for each mixture.
        _kept.cursor.adapters.register_dumper(int, Int8Dumper)
    return _kept.cursor
