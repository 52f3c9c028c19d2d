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

from tests.support.rounds import rounds

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path(sysconfig.get_path("purelib"))
SHOP = """
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
shop_with_programme()
print(*[CustomerFactory().pk for _ in range(2)])
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


def build_shop(env: dict[str, str]) -> list[str]:
    owner = env | {"DATABASE_URL": env["OWNER_DATABASE_URL"]}
    run("scripts/roles.py", env=owner)
    run("manage.py", "migrate", "--verbosity=0", env=owner)
    return run("manage.py", "shell", "--verbosity=0", "-c", SHOP, env=env).split()


def seller(customer: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.seller", customer],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_every_answered_sale_survives_the_servers_death(cluster):
    deaths, chance = rounds(usual=2, soak=20), random.Random(12)
    env = environment(cluster)
    with Supervisor(cluster.home.logs) as supervisor:
        cluster.start(supervisor)
        customers = build_shop(env)
    sellers = [seller(customer, env) for customer in customers]
    try:
        for death in range(deaths + 1):
            with Supervisor(cluster.home.logs) as supervisor:
                cluster.start(supervisor)
                server = supervisor.children[0].process
                time.sleep(chance.uniform(0.3, 0.7) + (2 if death == 0 else 0))
                if death < deaths:
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

    assert len(answered) > 10 * deaths
    assert set(answered) - recorded == set()
    # At most the one each till was at when it was told to stop had not been answered.
    assert len(recorded) - len(answered) <= len(sellers)
    assert f"{len(recorded)} points outstanding" in proof


def recorded_sales(env: dict[str, str]) -> set[str]:
    with psycopg.connect(env["OWNER_DATABASE_URL"]) as owner:
        return {row[0] for row in owner.execute("SELECT reference FROM purchases_purchase")}
