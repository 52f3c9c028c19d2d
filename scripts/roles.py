"""
Make the role the product runs as, in the database that DATABASE_URL (its owner's) names. The role's
password comes from APP_DATABASE_PASSWORD. Safe to run before every `migrate`.
"""

import os
from pathlib import Path

import psycopg

ROLES_SQL = Path(__file__).with_name("roles.sql")


def make_roles(*, owner_url: str, app_password: str) -> None:
    with psycopg.connect(owner_url) as connection:
        # Two processes that start at once would both try to change the same role.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('loyalty roles'))")
        connection.execute("SELECT set_config('loyalty.app_password', %s, true)", [app_password])
        connection.execute(ROLES_SQL.read_bytes())


if __name__ == "__main__":
    make_roles(
        owner_url=os.environ["DATABASE_URL"], app_password=os.environ["APP_DATABASE_PASSWORD"]
    )
