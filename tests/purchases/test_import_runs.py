"""One run of an import: dry, empty, alone, and no more statements for more rows."""

from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection

from loyalty.purchases.bill import Bill
from loyalty.purchases.imports import running
from loyalty.purchases.imports.refused import FileRefused
from loyalty.purchases.imports.turns import IMPORT_LOCK, ImportRunning
from loyalty.purchases.models import Purchase
from loyalty.purchases.recording import record_purchase
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.purchases.sales_files import (
    bring_in,
    everything,
    file_of,
)
from tests.support import database

pytestmark = pytest.mark.django_db
STATEMENTS = 58  # Of a file that fits one chunk.


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_programme()


def test_a_dry_run_counts_and_writes_nothing(tmp_path):
    path = file_of(tmp_path, "1,,,2026-11-20,68000,", ",,,2026-11-20,10000,")
    before = everything()

    batch = bring_in(path, dry_run=True)

    assert (batch.purchases_added, batch.customers_added, batch.points_added) == (2, 1, 6)
    assert everything() == before


def test_a_file_with_a_header_only_is_an_import_of_nothing(tmp_path):
    batch = bring_in(file_of(tmp_path))

    assert (batch.rows_read, batch.purchases_added) == (0, 0)


SOUND = b"customer,date,amount\n1,2026-11-20,68000\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n \n",
        b"customer,date\n1,2\n",
        b"\xff,\xfe\n",
        SOUND + b"2,2026-11-20,\x00\n",
        SOUND + b"2,2026-11-20," + b"6" * 2_000_000,
        SOUND + b'2,"2026-11-20,1\n',
        SOUND.decode().encode("utf-16") + b"\x00\xd8",  # Half a letter.
        b"PK\x03\x04" + SOUND,
        b"%PDF-1.7" + SOUND,
        b"<html><table><tr><td>1</td></tr></table>",
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing(tmp_path, content):
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    before = everything()

    with pytest.raises(FileRefused):
        bring_in(path, skip_bad=True)

    assert everything() == before


def test_one_import_at_a_time(tmp_path):
    with psycopg.connect(database.owner_url(database.name())) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])

        with pytest.raises(ImportRunning):
            bring_in(file_of(tmp_path, "1,,,2026-11-20,10000,"))

    assert Purchase.objects.count() == 0


def test_the_till_and_the_import_keep_the_same_columns(tmp_path):
    record_purchase(
        source="till",
        reference="R",
        customer=CustomerFactory(external_id="1"),
        branch=None,
        bill=Bill.of_total(1_234_567),
        at=datetime(2026, 11, 19, 17, 0, tzinfo=UTC),
        recorded_at=NOON,
        by=None,
    )
    bring_in(file_of(tmp_path, "2,,,2026-11-20,1234567,"))

    own = {"id", "customer_id", "source", "reference", "request_hash", "entry_id", "batch_id"}
    by_import, by_till = (
        {key: value for key, value in row.items() if key not in own}
        for row in Purchase.objects.order_by("source").values()
    )
    assert by_import == by_till


@pytest.mark.parametrize("count", [10, 400])
def test_many_rows_take_no_more_statements(tmp_path, count, django_assert_num_queries):
    path = file_of(tmp_path, *[f"{number},,,2026-11-20,10000," for number in range(count)])

    with django_assert_num_queries(STATEMENTS):
        bring_in(path)


def test_the_planner_hears_of_a_big_import_and_of_no_small_one(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "MANY", 2)
    before = lots_the_planner_expects()
    bring_in(file_of(tmp_path, "1,,,2026-11-20,68000,"))
    assert lots_the_planner_expects() == before

    bring_in(file_of(tmp_path, *(f"{n},,,2026-11-2{n},68000," for n in range(3))))

    assert lots_the_planner_expects() == 4


def lots_the_planner_expects():
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'ledger_lot'")
        return cursor.fetchone()[0]
