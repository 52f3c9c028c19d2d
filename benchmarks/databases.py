"""The databases that are measured: one a size, each with the product's tables and the reference's."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "bench_empty"


@dataclass(frozen=True)
class Database:
    """A filled database. The addresses hold passwords, so they are never printed."""

    members: int
    app_url: str  # The product's own role.
    owner_url: str

    @classmethod
    def named(cls, name: str, members: int) -> "Database":
        """The database of that name on the server that the environment names."""
        app_url, owner_url = os.environ["DATABASE_URL"], os.environ["OWNER_DATABASE_URL"]
        return cls(members, _at(app_url, name), _at(owner_url, name))


def make_empty() -> None:
    """Make the template of all others: the product's tables without a row."""
    database = Database.named(TEMPLATE, 0)
    _create(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    env = os.environ | {"DATABASE_URL": database.owner_url}
    for command in (["scripts/roles.py"], ["manage.py", "migrate", "--verbosity=0"]):
        subprocess.run([sys.executable, *command], check=True, cwd=ROOT, env=env)


def make(members: int, *, deepest: int) -> Database:
    """Make and fill a database of so many members, one of whom has `deepest` open lots."""
    name = f"bench_{members}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _create(create.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
    database = Database.named(name, members)
    fill(database, deepest=deepest)
    return database


def make_copy(name: str, members: int) -> Database:
    """A new database of that name with the product's tables without a row; an old one goes away."""
    _create(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _create(create.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
    return Database.named(name, members)


def fill(database: Database, *, deepest: int) -> None:
    """Fill the product's tables through its own services, and the reference's beside them."""
    env = os.environ | {
        "DATABASE_URL": database.app_url,
        "OWNER_DATABASE_URL": database.owner_url,
    }
    numbers = [str(database.members), str(deepest)]
    command = [sys.executable, "-m", "benchmarks.filling", *numbers]
    subprocess.run(command, check=True, cwd=ROOT, env=env)


def _create(statement: sql.Composed) -> None:
    with psycopg.connect(os.environ["OWNER_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement)


def _at(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
