"""Calls of the database's functions, prepared once a connection."""

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from loyalty.statements import one_row

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
