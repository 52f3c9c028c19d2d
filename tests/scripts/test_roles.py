"""The product's role belongs to the whole server, and several databases may be prepared at once."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from psycopg import sql
from roles import make_roles

from tests.support import database
from tests.support.rounds import rounds


@pytest.fixture
def two_databases():
    names = [f"{database.name()}_roles_{number}" for number in (1, 2)]
    with psycopg.connect(database.owner_url("postgres"), autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        for name in names:
            connection.execute(drop.format(sql.Identifier(name)))
            create = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
            connection.execute(create.format(sql.Identifier(name)))
        yield [database.owner_url(name) for name in names]
        for name in names:
            connection.execute(drop.format(sql.Identifier(name)))


def test_two_databases_of_one_server_are_prepared_at_once(two_databases):
    start = Barrier(4)

    def prepare(owner_url):
        start.wait()
        make_roles(owner_url=owner_url, app_password=os.environ["APP_DATABASE_PASSWORD"])

    for _ in range(rounds(usual=20, soak=300)):
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(prepare, two_databases * 2))
