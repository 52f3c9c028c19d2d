"""
An import that is stopped between its parts leaves whole ones in an unfinished batch; the same file
goes on from there, and comes to what a run that nobody stopped comes to.
"""

from datetime import timedelta
from functools import partial
from random import Random

import pytest
from django.db import connection

from customers.models import Customer
from loyalty.ledger.proof import verify
from loyalty.purchases import proof as sales_proof
from loyalty.purchases.imports import making
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import USUAL
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.imports.turns import ImportRunning
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.models import ImportBatch, Purchase
from loyalty.tiers import proof as tiers_proof
from tests.factories.clock import NOON
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import buy
from tests.faults.test_given_up import GiveUp
from tests.purchases.sales_files import file_of
from tests.purchases.test_import_equals_till import outcome
from tests.support import database
from tests.support.killing import killed_before
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
ROWS, CHUNK = 60, 7
LATER = NOON + timedelta(days=1)


class Stopped(Exception):
    pass


def stopping_after(sales):
    def report(step, done, _total):
        if step == "recording" and done >= sales:
            raise Stopped

    return report


def sales_file(folder):
    """Sales of a few customers on many days, among them some of nobody."""
    return file_of(
        folder,
        *[
            f"{number % 5 or ''},,,2026-0{1 + number % 9}-1{number % 7},"
            f"{10_000 + 370_000 * (number % 11)},"
            for number in range(ROWS)
        ],
    )


def bring(path, **options):
    return import_file(Job(path=path, layout=USUAL, at=NOON, by=None, **options), chunk=CHUNK)


def is_right():
    return (
        verify().problems == ()
        and sales_proof.verify().problems == ()
        and tiers_proof.verify(at=LATER).differences == ()
    )


@pytest.fixture
def path(tmp_path):
    shop_with_programme()
    return sales_file(tmp_path)


@pytest.fixture
def whole(path):
    """What a run that nobody stops comes to; then the shop is new again."""
    bring(path)
    came_to = outcome()
    database.empty()
    shop_with_programme()
    return came_to


def stop(path, after):
    with pytest.raises(Stopped):
        bring(path, report=stopping_after(after))
    return ImportBatch.objects.latest("pk")


def test_it_leaves_whole_parts_and_goes_on_in_the_same_batch(path, whole):
    stopped = stop(path, 20)
    assert (stopped.finished_at, stopped.purchases_added) == (None, 21)
    assert Purchase.objects.filter(batch=stopped).count() == 21
    assert is_right()

    done = bring(path)

    assert done.pk == stopped.pk
    assert done.finished_at == NOON
    assert (done.rows_read, done.purchases_added, done.purchases_known) == (ROWS, ROWS, 0)
    assert (done.customers_added, ImportBatch.objects.count()) == (4, 1)
    assert outcome() == whole
    assert is_right()


class GiveUpEarning(GiveUp):
    def __call__(self, execute, sql, *rest):
        earning = "ledger_earn_many" in sql
        return super().__call__(execute, sql, *rest) if earning else execute(sql, *rest)


@pytest.mark.parametrize(("part", "most"), [(1, 2), (2, making.MOST), (5, 2)])
def test_a_part_that_is_given_up_is_recorded_again(path, whole, monkeypatch, part, most):
    """And keeps each sale's own explanation, however few of these are remembered over parts."""
    monkeypatch.setattr(making, "MOST", most)
    given_up = GiveUpEarning(at=part, code="40P01", after=True)

    with connection.execute_wrapper(given_up):
        done = bring(path)

    assert (given_up.times, done.purchases_added) == (0, ROWS)
    assert outcome() == whole
    assert is_right()


def test_it_is_told_apart_from_another_file(path, tmp_path):
    stopped = stop(path, 20)
    (tmp_path / "other").mkdir()
    other = bring(file_of(tmp_path / "other", "1,,,2026-11-01,50000,"))

    assert (other.pk != stopped.pk, other.purchases_added) == (True, 1)
    assert bring(path).pk == stopped.pk
    assert Purchase.objects.count() == ROWS + 1
    assert is_right()


def test_it_can_be_undone_and_brought_in_anew(path, whole):
    undo_import(batch=stop(path, 20), at=LATER, by=None)
    assert not Purchase.objects.filter(stands=True).exists()

    again = bring(path)

    assert again.purchases_added == ROWS
    assert Purchase.objects.filter(stands=True).count() == ROWS
    assert outcome()["activity"] == whole["activity"]
    assert is_right()


def test_sales_at_the_till_in_between_count_once_and_in_their_place(path):
    stop(path, 20)
    customers = list(Purchase.objects.exclude(customer=None).values_list("customer", flat=True))
    for number, customer in enumerate(sorted(set(customers))):
        buy(Customer.objects.get(pk=customer), f"till-{number}", at=NOON - timedelta(90))

    done = bring(path)

    assert done.purchases_added == ROWS
    assert Purchase.objects.count() == ROWS + len(set(customers))
    assert is_right()


def test_a_file_with_returns_is_all_or_nothing(tmp_path):
    shop_with_programme()
    rows = [f"1,,,2026-01-{day:02d},100000," for day in range(1, 21)]
    path = file_of(tmp_path, *rows, "1,,,2026-02-01,-100000,")

    with pytest.raises(Stopped):
        bring(path, report=stopping_after(14))

    assert (Purchase.objects.count(), ImportBatch.objects.count()) == (0, 0)


def bring_when_alone(path):
    """The server may need a moment to see that the one before is dead."""
    while True:
        try:
            return bring(path)
        except ImportRunning:
            continue


def test_killed_again_and_again_it_comes_to_the_same(path, whole):
    random, kills, died = Random(7), rounds(usual=20, soak=300), 0
    for _round in range(kills):
        died += killed_before(random.randrange(20, 70), partial(bring_when_alone, path))
        if ImportBatch.objects.filter(finished_at=NOON).exists():
            came_in_once(whole)
            database.empty()
            shop_with_programme()
    bring_when_alone(path)

    came_in_once(whole)
    assert died > kills / 2


def came_in_once(whole):
    counts = ImportBatch.objects.values_list("purchases_added", "customers_added", "finished_at")
    assert list(counts) == [(ROWS, 4, NOON)]
    assert outcome() == whole
    assert is_right()
