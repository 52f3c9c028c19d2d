"""The database server dies under load, again and again: every sale that was answered is there."""

import os
import random
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import psycopg
import pytest
from homes import Home
from processes import Supervisor
from servers import APP, DATABASE, HOST, OWNER, Postgres, free_port

from tests.faults.programs import ROOT, start
from tests.support import database
from tests.support.rounds import rounds

PACKAGES = Path(sysconfig.get_path("purelib"))
TILLS = 2
SHOP = f"""
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
shop_with_programme()
print(*[CustomerFactory().pk for _ in range({TILLS})])
"""


@pytest.fixture
def cluster(tmp_path):
    """A server of its own, with nothing that softens a fall."""
    home = Home(tmp_path / "home")
    home.path.mkdir(mode=0o700)
    port = free_port(5599)
    return Postgres(home=home, packages=PACKAGES, usual_port=port, settings=["fsync=on"])


def environment(cluster: Postgres) -> dict[str, str]:
    password = cluster.home.secret("owner_password")
    at = f"{HOST}:{cluster.usual_port}/{DATABASE}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
        "DATABASE_URL": f"postgres://{APP}:{cluster.home.secret('app')}@{at}",
        "OWNER_DATABASE_URL": f"postgres://{OWNER}:{password}@{at}",
        "APP_DATABASE_PASSWORD": cluster.home.secret("app"),
    }


def run(*command: str, env: dict[str, str]) -> str:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    ).stdout


def build_shop(cluster: Postgres, env: dict[str, str]) -> list[str]:
    """The tables as the other tests have them, which is faster than migrating once more."""
    tables = cluster.home.path / "tables.dump"
    tools = {"cwd": ROOT, "check": True, "capture_output": True}
    source = ["--schema-only", "-Fc", f"--file={tables}", database.owner_url(database.name())]
    subprocess.run([cluster.bin / "pg_dump", *source], **tools)
    run("scripts/roles.py", env=env | {"DATABASE_URL": env["OWNER_DATABASE_URL"]})
    target = ["--no-comments", f"--dbname={env['OWNER_DATABASE_URL']}", str(tables)]
    subprocess.run([cluster.bin / "pg_restore", *target], **tools)
    return run("manage.py", "shell", "--verbosity=0", "-c", SHOP, env=env).split()


def test_every_answered_sale_survives_the_servers_death(cluster, django_db_setup):
    deaths, chance = rounds(usual=20, soak=20), random.Random(12)
    env = environment(cluster)
    with Supervisor(cluster.home.logs) as supervisor:
        cluster.start(supervisor)
        customers = build_shop(cluster, env)
    sellers = [start("seller", customer, env=env) for customer in customers]
    try:
        for death in range(deaths + 1):
            with Supervisor(cluster.home.logs) as supervisor:
                cluster.start(supervisor)
                server = supervisor.children[0].process
                if death == 0:
                    wait_for_sales(env)
                if death < deaths:
                    time.sleep(chance.uniform(0.1, 0.3))
                    server.send_signal(signal.SIGQUIT)  # What `pg_ctl -m immediate stop` sends.
                    server.wait()
                    continue
                answered = [name for one in sellers for name in one.communicate()[0].split()]
                proof = run("manage.py", "verify_ledger", env=env)
                recorded = recorded_sales(env)
    finally:
        for one in sellers:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
                one.communicate()

    assert len(answered) > 5 * deaths
    assert set(answered) - recorded.keys() == set()
    # At most the one each till was at when it was told to stop had not been answered.
    assert len(recorded) - len(answered) <= len(sellers)
    assert f"{len(recorded)} entries, {sum(recorded.values())} points" in proof


def wait_for_sales(env: dict[str, str]) -> None:
    """Until every till is at work."""
    deadline = time.monotonic() + 30
    while len({name.partition("/")[0] for name in recorded_sales(env)}) < TILLS:
        assert time.monotonic() < deadline, "the tills sell nothing"
        time.sleep(0.05)


def recorded_sales(env: dict[str, str]) -> dict[str, int]:
    """The points of each: more than one once its customer has bought their way up the tiers."""
    with psycopg.connect(env["OWNER_DATABASE_URL"]) as owner:
        return dict(owner.execute("SELECT reference, points FROM purchases_purchase").fetchall())
