"""
The test database, owned by one role and used by another, as in production: what a test does, the
product's own role may do.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent.parent

# Filled by migrations, so tests expect to find it.
KEPT_TABLES = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "shop_legalrule",
)


def name() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def owner_url(database: str) -> str:
    """The address of `database` on the test server, for the role that owns the tables."""
    if not settings.OWNER_DATABASE_URL:
        raise ImproperlyConfigured(
            "OWNER_DATABASE_URL is not set. Run `python scripts/stack.py test`, or keep "
            "`python scripts/stack.py servers` running and read `.local/test/env.sh`."
        )
    return urlsplit(str(settings.OWNER_DATABASE_URL))._replace(path=f"/{database}").geturl()


def reserve() -> psycopg.Connection:
    """
    Keep other runs away from this database for as long as the returned connection is open. Raises
    ImproperlyConfigured when another run has it.
    """
    connection = psycopg.connect(owner_url("postgres"), autocommit=True)
    free = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name()]).fetchone()
    if free != (True,):
        connection.close()
        raise ImproperlyConfigured(
            f"Another test run is using {name()}. Set TEST_DB_SUFFIX to get a database of your own."
        )
    return connection


def prepare(connection: psycopg.Connection, *, afresh: bool) -> None:
    """
    Make the database with its roles and tables; keep the one from an earlier run when no migration
    has changed since, unless `afresh`.
    """
    built_from = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name()]
    ).fetchone()
    wanted = _migrations_digest()
    if built_from == (wanted,) and not afresh:
        empty()
        return
    database = sql.Identifier(name())
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(database))
    env = os.environ | {"DATABASE_URL": owner_url(name())}
    for command in (["scripts/roles.py"], ["manage.py", "migrate", "--verbosity=0"]):
        subprocess.run([sys.executable, *command], check=True, cwd=ROOT, env=env)
    connection.execute(
        sql.SQL("COMMENT ON DATABASE {} IS {}").format(database, sql.Literal(wanted))
    )


def empty() -> None:
    """
    Delete every row but those that migrations put there. As the owner and with triggers off: the
    ledger's guards refuse it to everybody else.
    """
    with psycopg.connect(owner_url(name())) as connection:
        # Fail rather than hang on a transaction that a test left open.
        connection.execute("SET lock_timeout = '10s'")
        connection.execute("SET session_replication_role = replica")
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)",
            [list(KEPT_TABLES)],
        ).fetchall()
        # DELETE and not TRUNCATE: on tables of a few rows it is many times faster.
        statements = [sql.SQL("DELETE FROM {};").format(sql.Identifier(row[0])) for row in tables]
        connection.execute(sql.SQL("").join(statements))


def _migrations_digest() -> str:
    digest = hashlib.sha256((ROOT / "scripts" / "roles.sql").read_bytes())
    folders = ("loyalty", "customers", "rewards", "campaigns")
    files = [file for folder in folders for file in (ROOT / folder).rglob("migrations/*.py")]
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()
