"""The measurement of imports runs, and its contenders bring in the same rows."""

import argparse
import json
import os
from urllib.parse import urlsplit

import psycopg
import pytest

from benchmarks import databases, imports
from benchmarks.__main__ import measure_imports
from benchmarks.databases import Database
from loyalty.ledger.models import Lot
from loyalty.tiers.models import Qualification
from tests.purchases.test_import_equals_till import outcome
from tests.support import database

ROWS = 400


def came_in():
    """What customers see, and what lies behind it."""
    rows = outcome()
    events = Qualification.objects.order_by("customer__external_id", "occurred_at", "spend_minor")
    return rows | {
        "entries": [entry[:5] + entry[6:] for entry in rows["entries"]],
        "lots": sorted(Lot.objects.values_list("account__customer__external_id", "points")),
        "events": list(events.values_list("spend_minor", "points", "occurred_at")),
    }


@pytest.fixture
def contenders(transactional_db, monkeypatch):
    """The test database in the place of each new one; returns what each contender has left there."""
    left = {}

    def make_copy(name, members):
        database.empty()
        return named(name, members)

    def named(_name, members):
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database.name()}")
        return Database(members, url.geturl(), database.owner_url(database.name()))

    run_one = imports._run_one

    def watched(who, *told):
        took = run_one(who, *told)
        left[who] = came_in()
        return took

    monkeypatch.setattr(databases, "make_copy", make_copy)
    monkeypatch.setattr(Database, "named", named)
    monkeypatch.setattr(imports, "_run_one", watched)
    yield left
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("DROP TABLE IF EXISTS bare")


def test_files_come_in_by_every_way_and_to_the_same(contenders, tmp_path, capfd):
    chosen = argparse.Namespace(rounds=1, only="import")

    code = measure_imports(chosen, [ROWS], tmp_path / "figures.json")

    assert code == 0, capfd.readouterr()
    written = json.loads((tmp_path / "figures.json").read_text())
    assert [(row["who"], row["operations"]) for row in written["measurements"]] == [
        (who, ROWS) for who in imports.CONTENDERS
    ]
    assert contenders["product"]["purchases"] != []
    assert contenders["bulk"] == contenders["product"]
