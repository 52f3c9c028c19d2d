"""A file as shops really have them: nobody is lost, and the shop is as before once it is undone."""

from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from customers.models import Customer
from loyalty.ledger.proof import verify
from loyalty.purchases.imports.refusals import RowsRefused
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.models import Activity
from loyalty.purchases.proof import verify as verify_sales
from loyalty.reports.tables import TABLES
from loyalty.tiers.proof import verify as verify_tiers
from tests.factories.clock import NOON
from tests.purchases.dirty_files import MAP, Dirty
from tests.purchases.doors import table_counts
from tests.purchases.sales_files import bring_in, layout, refused_rows
from tests.purchases.test_undo_import import standing
from tests.reports.rehearsal.lives import Copy, plan
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
HOW = layout(MAP)
LATER = NOON + timedelta(hours=1)
OWED = """
SELECT l.account_id, l.expires_on, sum(l.remaining) FROM ledger_lot l
WHERE l.remaining > 0 GROUP BY 1, 2 ORDER BY 1, 2
"""


@pytest.fixture
def life():
    """A shop with a history: sales, returns, rewards, points that expired, tiers by hand."""
    copy = Copy()
    copy.open(8)
    copy.play(plan(7, 8))
    copy.settle(NOON)
    return copy


def reports():
    """Every report as it is printed, and the points that are owed, by the day they end."""
    said = {name: printed(name) for name in TABLES}
    with connection.cursor() as cursor:
        cursor.execute(OWED)
        return said | {"owed": cursor.fetchall()}


def printed(name):
    out = StringIO()
    call_command("report", name, "--format=csv", f"--at={LATER.isoformat()}", stdout=out)
    return out.getvalue().encode()


def spent():
    """By phone, of everybody with sales."""
    return +Counter(dict(Activity.objects.values_list("customer__phone", "spend_minor")))


def proven():
    assert verify().problems == ()
    assert verify_sales().problems == ()
    assert verify_tiers(at=LATER).differences == ()


def test_a_dirty_file_comes_in_whole_and_goes_without_a_trace(tmp_path, life):
    known = tuple(Customer.objects.values_list("phone", flat=True))
    dirty = Dirty(seed=5_000, rows=rounds(usual=250, soak=5_000), known=known)
    path = dirty.write(tmp_path / "dirty.csv")
    before, told, spent_before = standing(), reports(), spent()

    counts = table_counts()
    with pytest.raises(RowsRefused):
        bring_in(path, how=HOW)
    assert table_counts() == counts
    assert sorted(refused_rows(path)) == sorted(dirty.refused)

    batch = bring_in(path, how=HOW, skip_bad=True)
    assert (batch.rows_read, batch.rows_refused, batch.rows_cancelled) == (
        dirty.rows,
        len(dirty.refused),
        dirty.cancelled,
    )
    assert (batch.purchases_added, batch.purchases_known, batch.refunds_added) == (
        len(dirty.sales),
        dirty.repeated,
        len(dirty.back),
    )
    assert dirty.phones <= set(Customer.objects.values_list("phone", flat=True))
    assert batch.customers_added == len(dirty.phones - set(known))
    came = spent() - spent_before
    assert came == +dirty.spent_by_phone
    proven()
    came_in = standing()

    undo_import(batch=batch, at=LATER, by=None)
    assert standing() == before
    assert reports() == told
    proven()

    again = bring_in(path, how=HOW, skip_bad=True, at=LATER)
    assert again.purchases_added == batch.purchases_added
    assert standing()[:2] == came_in[:2]
    assert reports() != told
    proven()
