"""The measurements run, whatever they say: no test of ours ever looks at a clock."""

import argparse
import json
import os
from urllib.parse import urlsplit

import psycopg
import pytest

from benchmarks.__main__ import measure
from benchmarks.databases import Database, fill
from benchmarks.jobs import SERVICES
from benchmarks.readings import Reading, rate_ratio, summary, work_ratio
from benchmarks.web.jobs import JOBS
from tests.support import database

MEMBERS = 20


@pytest.fixture
def measured(transactional_db):
    """The test database, filled as a measured one."""
    with psycopg.connect(database.owner_url(database.name())) as owner:
        # Customers are known by number, from 1.
        owner.execute("ALTER SEQUENCE customers_customer_id_seq RESTART")
    app_url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database.name()}").geturl()
    yield Database(MEMBERS, app_url, database.owner_url(database.name()))
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("DROP SCHEMA IF EXISTS reference CASCADE")


def test_every_contender_does_every_job_and_the_ledger_stays_right(measured, tmp_path, capfd):
    fill(measured, deepest=10)
    chosen = argparse.Namespace(rounds=1, seconds=0.05, deepest=10, clients=1, only=None)

    code = measure(chosen, [measured], tmp_path / "figures.json")

    assert code == 0, capfd.readouterr()
    written = json.loads((tmp_path / "figures.json").read_text())
    services = {(job, who) for job in ("purchase", "redeem") for who in SERVICES}
    assert {(row["job"], row["who"]) for row in written["measurements"]} == services | {
        (job, "web") for job in JOBS
    }
    assert all(row["operations"] > 0 for row in written["measurements"])
    assert all(row["refused"] == 0 for row in written["measurements"])
    assert written["settings"]["ledger_is_right"] is True


def reading(operations: int, *, client: float, server: float) -> Reading:
    return Reading(
        operations, refused=0, wall_seconds=2.0, client_seconds=client, server_seconds=server
    )


def test_work_is_counted_per_cpu_second_of_client_and_server():
    slow = [reading(100, client=0.3, server=0.1), reading(100, client=0.5, server=0.3)]
    fast = [reading(400, client=0.1, server=0.3), reading(400, client=0.2, server=0.6)]

    assert slow[0].cpu_us == pytest.approx(4000)
    # 4,000 against 1,000 in the first round, 8,000 against 2,000 in the second.
    assert work_ratio(slow, fast) == pytest.approx(0.25)
    assert work_ratio(fast, slow) == pytest.approx(4.0)
    assert rate_ratio(slow, fast) == pytest.approx(0.25)


def test_a_summary_is_the_median_of_the_rounds():
    readings = [reading(100, client=seconds, server=0.1) for seconds in (0.9, 0.1, 0.3)]

    assert summary(readings) == {
        "cpu_us": 4000.0,
        "client_us": 3000.0,
        "server_us": 1000.0,
        "per_second": 50.0,
        "operations": 300,
        "refused": 0,
    }
