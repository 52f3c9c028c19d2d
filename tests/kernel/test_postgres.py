"""A connection kept from one request to the next."""

import psycopg
import pytest
from django.core.signals import request_finished, request_started
from django.db import connection

from tests.support import database


def ask() -> int:
    """What a request asks, on the connection that this thread keeps; its server process."""
    request_started.send(sender=None, environ={})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    request_finished.send(sender=None)
    return pid


@pytest.mark.django_db(transaction=True)
def test_one_that_stands_is_kept_and_one_that_was_thrown_out_is_not_used_again():
    first, again = ask(), ask()
    with psycopg.connect(database.owner_url("postgres"), autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", [first])

    after = ask()

    assert again == first
    assert after != first


@pytest.mark.django_db(transaction=True)
def test_one_that_was_closed_here_is_no_connection_any_more():
    connection.ensure_connection()
    connection.connection.close()

    assert not connection.is_usable()
    connection.close()


@pytest.mark.django_db
def test_looking_whether_it_stands_asks_the_server_nothing(django_assert_num_queries):
    connection.ensure_connection()

    with django_assert_num_queries(0):
        assert connection.is_usable()
