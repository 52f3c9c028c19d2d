"""The product runs as a role that owns nothing, and so do these tests."""

import pytest
from django.db import DatabaseError, connection, transaction

pytestmark = pytest.mark.django_db


def one_value(query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def test_the_role_owns_no_table_and_is_no_superuser():
    assert one_value("SELECT current_user") == "loyalty_app"
    assert one_value("SELECT count(*) FROM pg_tables WHERE tableowner = current_user") == 0
    assert one_value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") > 0
    assert one_value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE django_session",
        "DROP TABLE django_session",
        "ALTER TABLE django_session DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id integer)",
        "SET session_replication_role = replica",
        "SET ROLE loyalty_owner",
    ],
)
def test_the_role_cannot_get_around_the_database_guards(statement):
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_what_writes_with_the_owners_rights_is_for_the_product_alone():
    verbs = "FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"

    assert one_value(f"SELECT bool_and(has_function_privilege(oid, 'EXECUTE')) {verbs}") is True
    assert (
        one_value(f"SELECT bool_or(has_function_privilege('public', oid, 'EXECUTE')) {verbs}")
        is False
    )
    triggers = "SELECT has_function_privilege('shop_make_changeable(regclass)', 'EXECUTE')"
    assert one_value(triggers) is False


def test_the_role_gives_up_waiting_so_that_a_till_never_hangs():
    assert one_value("SHOW lock_timeout") == "4s"
    assert one_value("SHOW statement_timeout") == "30s"
