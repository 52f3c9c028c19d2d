"""Real purchases give the published figures, whichever file they come from, and only once."""

import sys
import time
from datetime import date

import pytest
from django.db import connection

from customers.models import Customer
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.running import CountedOtherwise, import_file
from loyalty.purchases.models import Activity, ImportBatch, Purchase
from loyalty.reports.repeat import repeat_rate
from loyalty.tiers.models import Standing
from tests.factories.clock import NOON
from tests.factories.shop import shop_with_programme
from tests.real.cdnow import DOLLARS, TABLE, TEXT, needs_cdnow, table_layout, text_layout

pytestmark = [needs_cdnow, pytest.mark.django_db]

# Calibration is up to the end of September 1997, the holdout the nine months after it. A customer's
# day is one purchase; the first of them is no repeat.
REPEATS = """
WITH day AS (
    SELECT DISTINCT customer_id, occurred_on FROM purchases_purchase
), counted AS (
    SELECT customer_id, count(*) FILTER (WHERE occurred_on < '1997-10-01') - 1 AS before,
        count(*) FILTER (WHERE occurred_on >= '1997-10-01') AS after
    FROM day GROUP BY customer_id
)
SELECT least(before, 7), count(*), round(avg(after), 3)::text FROM counted GROUP BY 1 ORDER BY 1
"""


@pytest.fixture(autouse=True)
def dollar_shop(db):
    shop_with_programme(DOLLARS, name="CD shop", currency="USD", time_zone="America/New_York")


def bring_in(path, layout):
    return import_file(Job(path=path, layout=layout, at=NOON, by=None))


def rows_of(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def state():
    """Everything that an import may change, without the moments of recording."""
    return (
        Purchase.objects.count(),
        list(Account.objects.order_by("pk").values_list("pk", "balance")),
        list(Standing.objects.order_by("pk").values_list("pk", "tier_key", "spend_minor")),
        list(Activity.objects.order_by("pk").values_list()),
    )


def test_row_by_row_gives_the_published_counts(capsys):
    started = time.perf_counter()
    batch = bring_in(TEXT, text_layout())
    seconds = time.perf_counter() - started
    with capsys.disabled():
        sys.stdout.write(f"\n6,919 rows in {seconds:.2f} s: {6919 / seconds:,.0f} a second ")

    assert (batch.rows_read, batch.rows_refused, batch.purchases_known) == (6_919, 0, 0)
    assert (batch.purchases_added, batch.customers_added) == (6_919, 2_357)
    assert batch.points_added == 239_444
    assert Customer.objects.count() == 2_357
    assert Purchase.objects.filter(amount_minor=0, points=0, entry=None).count() == 8
    assert sum(Account.objects.values_list("balance", flat=True)) == 239_444
    rate = repeat_rate()
    assert (rate.part, rate.whole) == (1_152, 2_357)
    assert round(100 * rate.part / rate.whole, 2) == 48.88
    proof = verify()
    assert (proof.problems, proof.accounts, proof.points) == ((), 2_357, 239_444)


def test_merged_by_customer_and_day_gives_the_published_counts():
    batch = bring_in(TEXT, text_layout(group_by="customer_day"))

    assert (batch.rows_read, batch.purchases_added) == (6_919, 6_696)
    assert (batch.customers_added, batch.points_added) == (2_357, 239_610)
    rate = repeat_rate()
    assert (rate.part, round(100 * rate.part / rate.whole, 2)) == (1_139, 48.32)
    assert verify().problems == ()


def test_both_files_bring_the_same_sales():
    bring_in(TABLE, table_layout())

    assert Purchase.objects.count() == 6_919
    assert sum(Account.objects.values_list("balance", flat=True)) == 239_444
    assert repeat_rate().part == 1_152


@pytest.mark.parametrize("group_by", ["row", "customer_day"])
def test_the_same_file_again_and_the_other_file_add_nothing(group_by):
    bring_in(TEXT, text_layout(group_by=group_by))
    before = state()

    again = bring_in(TEXT, text_layout(group_by=group_by))
    other = bring_in(TABLE, table_layout(group_by=group_by))

    for batch in (again, other):
        assert (batch.purchases_added, batch.customers_added, batch.points_added) == (0, 0, 0)
        assert (batch.rows_read, batch.purchases_known) == (6_919, before[0])
    assert state() == before
    assert Entry.objects.count() == Purchase.objects.exclude(entry=None).count()
    assert ImportBatch.objects.count() == 3
    assert verify().problems == ()


def test_one_source_is_not_counted_in_two_ways():
    bring_in(TEXT, text_layout())
    before = state()

    with pytest.raises(CountedOtherwise):
        bring_in(TEXT, text_layout(group_by="customer_day"))

    assert state() == before


def test_every_amount_is_kept_to_the_cent():
    bring_in(TEXT, text_layout())

    lines = TEXT.read_text(encoding="ascii").splitlines()
    cents = sum(int(line.split()[4].replace(".", "")) for line in lines)
    spent = rows_of("SELECT sum(amount_minor)::bigint FROM purchases_purchase")[0][0]
    assert spent == cents
    assert spent == rows_of("SELECT sum(spend_minor)::bigint FROM tiers_standing")[0][0]


def test_repeat_purchases_match_the_published_bins():
    # Wadsworth / McCarthy, "Buy 'Til You Die - A Walkthrough", BTYD 2.4.3.
    bring_in(TEXT, text_layout())

    bins = rows_of(REPEATS)

    assert [row[1] for row in bins] == [1411, 439, 214, 100, 62, 38, 29, 64]
    assert [row[2] for row in bins] == [
        *("0.237", "0.697", "1.393", "1.560"),
        *("2.532", "2.947", "3.862", "6.359"),
    ]


def test_cumulative_repeat_purchases_after_78_weeks():
    # cdnowSummary$cu.tracking in BTYD 2.4.3.
    bring_in(TEXT, text_layout(group_by="customer_day"))

    assert Purchase.objects.count() - Customer.objects.count() == 4_339
    assert Purchase.objects.order_by("-occurred_on")[0].occurred_on == date(1998, 6, 30)


def test_the_first_three_customers_match_the_published_rows():
    # (repeats, weeks to the last of them, weeks observed, purchases in the holdout).
    bring_in(TEXT, text_layout(group_by="customer_day"))

    rows = rows_of("""
        SELECT count(*) FILTER (WHERE p.occurred_on < '1997-10-01') - 1,
            round((max(p.occurred_on) FILTER (WHERE p.occurred_on < '1997-10-01')
                - min(p.occurred_on)) / 7.0, 3)::text,
            round((date '1997-09-30' - min(p.occurred_on)) / 7.0, 3)::text,
            count(*) FILTER (WHERE p.occurred_on >= '1997-10-01')
        FROM purchases_purchase p JOIN customers_customer c ON c.id = p.customer_id
        WHERE c.external_id IN ('4', '21', '50')
        GROUP BY c.external_id ORDER BY c.external_id::int
    """)

    assert rows == [
        (2, "30.429", "38.857", 1),
        (1, "1.714", "38.857", 0),
        (0, "0.000", "38.857", 0),
    ]
