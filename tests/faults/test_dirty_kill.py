"""
A dirty file whose import is killed with -9 wherever it stands, again and again, and then run to
its end: what is there is equal to what one run brings that nobody kills, and goes as it goes.
"""

from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from django.db import connection

from customers.models import Customer
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.purchases.imports.turns import ImportRunning
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.models import Activity, ImportBatch, Purchase, Refund
from loyalty.purchases.proof import verify as verify_sales
from loyalty.tiers.models import Qualification, Standing, TierChange
from loyalty.tiers.proof import verify as verify_tiers
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import buy
from tests.purchases.dirty_files import MAP, Dirty
from tests.purchases.sales_files import bring_in, layout
from tests.purchases.test_undo_import import standing
from tests.support import database
from tests.support.killing import Statements, killed_before
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
HOW = layout(MAP)
LATER = NOON + timedelta(hours=1)
KNOWN = tuple(f"+8491234567{digit}" for digit in range(3))
ROWS, KILLS = 40, 20
# By what the file says, and not by numbers that the database gives.
WHO = ("phone", "external_id")
WHOSE = ("customer__phone", "customer__external_id")
HELD = ("account__customer__phone", "account__customer__external_id")
CONTENT = (
    (Customer, (*WHO, "name", "joined_at")),
    (Account, (*WHOSE, "balance", "last_number", "active_until")),
    (Entry, (*HELD, "number", "kind", "points", "balance_after", "reference", "occurred_at")),
    (Lot, (*HELD, "entry__number", "points", "remaining", "expires_on")),
    (Purchase, (*WHOSE, "reference", "amount_minor", "points", "tier_before", "tier_after")),
    (Purchase, ("reference", "occurred_at", "refunded_minor", "stands", "balance_after")),
    (Refund, ("reference", "kind", "purchase__reference", "amount_minor", "points_taken")),
    (Activity, (*WHOSE, "purchases", "spend_minor", "first_on", "last_on")),
    (Standing, (*WHOSE, "tier_key", "spend_minor", "points", "visits", "since", "settled_on")),
    (Qualification, (*WHOSE, "reference", "spend_minor", "points", "occurred_at")),
    (TierChange, (*WHOSE, "from_key", "to_key", "reason", "occurred_at")),
)


def content():
    return [sorted(map(str, model.objects.values_list(*names))) for model, names in CONTENT]


def open_shop():
    """Some customers of the file have bought here before, on a day in the middle of its days."""
    shop_with_programme()
    for number, phone in enumerate(KNOWN):
        buy(CustomerFactory(phone=phone, name="Lan"), f"till-{number}", at=NOON - timedelta(90))


def bring(path: Path, attempt: int = 0) -> ImportBatch:
    return bring_in(path, how=HOW, skip_bad=True, at=NOON + timedelta(seconds=attempt))


def bring_when_alone(path: Path, attempt: int) -> ImportBatch:
    """The server may need a moment to see that the one before is dead."""
    while True:
        try:
            return bring(path, attempt)
        except ImportRunning:
            continue


def test_a_killed_import_that_is_run_again_equals_one_that_was_not_killed(tmp_path):
    for seed in range(rounds(usual=1, soak=20)):
        path = Dirty(seed=seed, rows=ROWS, known=KNOWN).write(tmp_path / f"{seed}.csv")
        open_shop()
        run = Statements()
        with connection.execute_wrapper(run):
            bring(path)
        whole = content()
        database.empty()
        open_shop()
        before = standing()

        moments = sorted(Random(seed).sample(range(1, run.count), KILLS), reverse=seed % 2 == 1)
        died = sum(
            killed_before(at, partial(bring_when_alone, path, attempt))
            for attempt, at in enumerate(moments)
        )
        bring_when_alone(path, KILLS)

        assert died > 0
        assert content() == whole
        assert verify().problems == ()
        assert verify_sales().problems == ()
        assert verify_tiers(at=LATER).differences == ()
        for batch in ImportBatch.objects.filter(undone_at=None).order_by("-pk"):
            undo_import(batch=batch, at=LATER, by=None)
        assert standing() == before
        database.empty()
