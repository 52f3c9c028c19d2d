"""An import killed with -9 in the middle of its work leaves whole parts, and goes on from there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command

from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.ledger.services import lock_accounts
from loyalty.purchases.models import ImportBatch, Purchase
from loyalty.tiers.models import Qualification
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.purchases.sales_files import file_of
from tests.support import database

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # Seconds.
ROWS = 600
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ledger_lock%'
"""
IMPORTING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND objid = 7002 AND datname = current_database()
"""

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def importing(path: Path) -> subprocess.Popen[bytes]:
    address = os.environ["DATABASE_URL"].rpartition("/")[0]
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_purchases", str(path)],
        cwd=ROOT,
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "loyalty.settings",
            "DATABASE_URL": f"{address}/{settings.DATABASES['default']['NAME']}",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_killed_import_leaves_no_part_of_a_part_and_the_next_one_is_whole(tmp_path):
    shop_with_programme()
    first, second = CustomerFactory(external_id="1"), CustomerFactory(external_id="2")
    lock_accounts([first.pk, second.pk])
    path = file_of(
        tmp_path,
        *[f"1,,,2026-01-{1 + number % 28:02d},{10_000 + number}," for number in range(ROWS)],
        *["2,,,2026-02-01,50000,", "3,,,2026-02-02,60000,"],
    )
    owner_url = database.owner_url(database.name())
    with psycopg.connect(owner_url) as till, psycopg.connect(owner_url, autocommit=True) as eye:
        # A till holds the second customer: the first one's sales are written, none committed.
        till.execute("SELECT FROM ledger_account WHERE customer_id = %s FOR UPDATE", [second.pk])
        process = importing(path)
        wait_until(lambda: eye.execute(WAITING).fetchone() == (1,))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        till.rollback()
        wait_until(lambda: eye.execute(IMPORTING).fetchone() == (0,))
    assert Purchase.objects.count() == Entry.objects.count() == Qualification.objects.count() == 0
    assert ImportBatch.objects.get().finished_at is None

    for _twice in range(2):
        call_command("import_purchases", str(path))

    counts = ImportBatch.objects.order_by("pk").values_list("purchases_added", "purchases_known")
    assert list(counts) == [(ROWS + 2, 0), (0, ROWS + 2)]
    assert not ImportBatch.objects.filter(finished_at=None).exists()
    assert Purchase.objects.count() == ROWS + 2
    assert Account.objects.count() == 3
    assert verify().problems == ()
