"""
Make the role the product runs as, in the database that DATABASE_URL (its owner's) names. The role's
password comes from APP_DATABASE_PASSWORD. Safe to run before every `migrate`.
"""

import os
import random
import time
from pathlib import Path

import psycopg
from psycopg import errors

ROLES_SQL = Path(__file__).with_name("roles.sql")
TRIES = 100
# A role belongs to the whole server, so somebody who prepares another database of it may be changing
# the same one. No lock that an owner may take reaches across databases: PostgreSQL refuses the later
# of the two with one of these ("tuple concurrently updated" has no class of its own).
CHANGED_MEANWHILE = (errors.InternalError_, errors.UniqueViolation, errors.DuplicateObject)


def make_roles(*, owner_url: str, app_password: str) -> None:
    """
    Make the role, or change it to what `roles.sql` says. Whoever else is at it on the same server is
    waited for, some seconds at most; then psycopg's error of the last try is raised.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            _make_once(owner_url, app_password)
        except CHANGED_MEANWHILE:
            if not tries_left:
                raise
            time.sleep(random.uniform(0, 0.05))  # noqa: S311 Not a secret: who goes first.
        else:
            return


def _make_once(owner_url: str, app_password: str) -> None:
    with psycopg.connect(owner_url) as connection:
        connection.execute("SELECT set_config('loyalty.app_password', %s, true)", [app_password])
        connection.execute(ROLES_SQL.read_bytes())


if __name__ == "__main__":
    make_roles(
        owner_url=os.environ["DATABASE_URL"], app_password=os.environ["APP_DATABASE_PASSWORD"]
    )
