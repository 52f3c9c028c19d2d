"""
Calling the database's own functions with as little in between as the driver allows.

Django writes the values into the text of a statement, so PostgreSQL plans each one anew, and its
cursor is three layers of Python. For what a till waits for that was most of the cost. Here a
statement is prepared once a connection and afterwards sent as its name and its values.
"""

import threading
from collections.abc import Sequence
from itertools import count
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult
from psycopg.types.numeric import Int8Dumper

_numbers = count()


def is_outdated(error: object) -> bool:
    """
    Whether PostgreSQL refused a statement since a function in it was replaced and answers with
    other columns than when it was prepared. Prepared anew it will do; after a rollback it is.
    """
    return isinstance(error, errors.FeatureNotSupported) and (
        error.diag.source_function == "RevalidateCachedQuery"
    )


class _Line:
    """One connection, and what was prepared on it."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw
        self.cursor = psycopg.Cursor(raw)
        # All whole numbers as one type: by their size there would be a statement for each mixture.
        self.cursor.adapters.register_dumper(int, Int8Dumper)
        self.values = Transformer(self.cursor)
        self.names: dict[tuple[str, tuple[int, ...]], bytes] = {}

    def ask(self, statement: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
        """The first row, in the transaction that is open or one by itself."""
        if self.raw.autocommit:
            return self._call(statement, values)
        # The driver may still have to begin the transaction.
        return self.cursor.execute(statement, values, prepare=True).fetchone()

    def _call(self, statement: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
        """The same by libpq's own call: half of the driver's time is what it can do besides."""
        try:
            return self._execute(statement, values)
        except errors.InvalidSqlStatementName:  # After a rollback the driver drops all there are.
            self.names.clear()
        except errors.FeatureNotSupported as error:
            if not is_outdated(error):
                raise
            self._forget(statement)
        return self._execute(statement, values)

    def _execute(self, statement: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
        told = self.values.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types = self.values.types or ()
        name = self.names.get((statement, types)) or self._prepare(statement, types)
        answer = self.raw.pgconn.exec_prepared(
            name,
            told,  # type: ignore[arg-type] # None is null; the driver's types do not say so.
            self.values.formats,
            Format.BINARY,
        )
        self._check(answer)
        self.values.set_pgresult(answer)
        return self.values.load_row(0, tuple) if answer.ntuples else None

    def _prepare(self, statement: str, types: tuple[int, ...]) -> bytes:
        name = b"loyalty_%d" % next(_numbers)
        first, *parts = statement.split("%s")
        numbered = first + "".join(f"${place}{part}" for place, part in enumerate(parts, 1))
        self._check(self.raw.pgconn.prepare(name, numbered.encode(), types))
        self.names[statement, types] = name
        return name

    def _forget(self, statement: str) -> None:
        for known in [known for known in self.names if known[0] == statement]:
            self.raw.pgconn.exec_(b"DEALLOCATE " + self.names.pop(known))

    def _check(self, answer: PGresult) -> None:
        if answer.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return
        if self.raw.pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError("the connection is lost")
        raise errors.error_from_result(answer, encoding="utf-8")


class _Kept(threading.local):
    line: _Line | None = None


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
        return _only(_line(connection.connection).ask(statement, values))


def _only(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    if row is None:
        raise ValueError("the call answered with no row")
    return row


def _line(raw: psycopg.Connection[Any]) -> _Line:
    """This thread's connection."""
    if _kept.line is None or _kept.line.raw is not raw:
        _kept.line = _Line(raw)
    return _kept.line
