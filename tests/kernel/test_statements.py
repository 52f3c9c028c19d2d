"""Calls of the database's functions, prepared once a connection."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import (
    DataError,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.transaction import TransactionManagementError

from loyalty.statements import one_row
from loyalty.transactions import whole
from tests.support import database

pytestmark = pytest.mark.django_db


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return cursor.fetchone()[0]


def test_a_statement_is_prepared_once_whatever_the_size_of_its_numbers():
    before = prepared()

    rows = [one_row("SELECT %s::bigint + 1", [number]) for number in (1, 70_000, 5 * 10**9)]

    assert rows == [(2,), (70_001,), (5 * 10**9 + 1,)]
    assert prepared() == before + 1


def test_an_error_is_django_s_own_and_breaks_the_transaction():
    with pytest.raises(DataError), transaction.atomic():
        one_row("SELECT 1 / %s::bigint", [0])
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            one_row("SELECT %s::bigint", [1])


def test_what_a_constraint_refuses_is_an_integrity_error():
    with pytest.raises(IntegrityError), transaction.atomic():
        one_row(
            "INSERT INTO shop_branch (key, name, address) SELECT 'a', 'A', %s"
            " FROM generate_series(1, 2) RETURNING id",
            [""],
        )


def test_whoever_watches_statements_sees_it(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert one_row("SELECT %s::bigint, %s::text", [None, "x"]) == (None, "x")


def test_a_call_without_an_answer_is_a_mistake():
    with pytest.raises(ValueError, match="no row"):
        one_row("SELECT %s::bigint WHERE false", [1])


class TestOutsideATransaction:
    """Where a till's call is a transaction by itself."""

    pytestmark = pytest.mark.django_db(transaction=True)

    def test_every_kind_of_value_comes_back_as_it_went(self):
        at = datetime(2026, 11, 22, 9, 30, 15, 250_000, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
        values = [True, 5 * 10**9, "Bánh mì 'sáng' %", None, date(2026, 11, 22), at]

        row = one_row(
            "SELECT %s::boolean, %s::bigint, %s::text, %s::date, %s::date, %s::timestamptz", values
        )

        assert row == tuple(values)
        assert type(row[0]) is bool
        assert row[5].utcoffset() is not None

    def test_a_statement_is_prepared_once_whatever_the_size_of_its_numbers(self):
        before = prepared()

        rows = [one_row("SELECT %s::bigint + 2", [number]) for number in (1, 70_000, 5 * 10**9)]

        assert rows == [(3,), (70_002,), (5 * 10**9 + 2,)]
        assert prepared() == before + 1

    def test_errors_are_django_s_own_and_the_connection_goes_on(self):
        with pytest.raises(DataError, match="division by zero"):
            one_row("SELECT 1 / %s::bigint", [0])
        with pytest.raises(ProgrammingError, match="does not exist"):
            one_row("SELECT no_such_function(%s::bigint)", [0])

        assert one_row("SELECT %s::bigint", [7]) == (7,)

    def test_it_goes_on_when_the_driver_dropped_what_was_prepared(self):
        one_row("SELECT %s::bigint + 3", [1])
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")

        assert one_row("SELECT %s::bigint + 3", [4]) == (7,)

    @pytest.mark.parametrize("wrap", [lambda call: call, whole], ids=["alone", "in a service"])
    def test_it_goes_on_when_a_function_answers_with_other_columns_since(self, wrap):
        ask = wrap(lambda: one_row("SELECT * FROM told()", []))
        with psycopg.connect(database.owner_url(database.name()), autocommit=True) as owner:
            owner.execute("CREATE FUNCTION told(OUT a int) RETURN 1")
            try:
                assert ask() == (1,)
                known = prepared()
                owner.execute("DROP FUNCTION told()")
                owner.execute(
                    "CREATE FUNCTION told(OUT a int, OUT b text) LANGUAGE sql AS $$ SELECT 2, 'x' $$"
                )

                assert ask() == (2, "x")
                assert prepared() <= known
            finally:
                owner.execute("DROP FUNCTION told()")

    def test_what_the_database_cannot_do_is_said_once(self):
        with pytest.raises(NotSupportedError):
            one_row("SELECT count(%s::text) FROM shop_branch FOR UPDATE", [""])

    def test_a_call_without_an_answer_is_a_mistake(self):
        with pytest.raises(ValueError, match="no row"):
            one_row("SELECT %s::bigint WHERE false", [1])

    def test_a_lost_connection_is_an_operational_error_and_the_next_call_has_a_new_one(self):
        one_row("SELECT %s::bigint", [1])
        with psycopg.connect(database.owner_url(database.name())) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid]
            )

        with pytest.raises(OperationalError):
            one_row("SELECT %s::bigint", [2])
        close_old_connections()

        assert one_row("SELECT %s::bigint", [3]) == (3,)
