"""
The verbs that take a file's sales back by sets let the triggers of rows rest, and prove what those
would have refused: each kind of wrong rows is refused, and nothing of them stays.
"""

from unittest import mock

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.ledger.models import Account, Debt, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.services import spend
from loyalty.purchases.imports import voiding
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.models import Purchase, Refund
from loyalty.tiers.models import Qualification
from tests.factories.clock import NOON
from tests.factories.sales import give_back, sell
from tests.factories.shop import shop_with_programme
from tests.purchases.sales_files import HEADER, WITH_RECEIPTS, bring_in, file_of, layout
from tests.purchases.test_by_sets import NOBODY, call
from tests.purchases.undone_one_by_one import everything

pytestmark = pytest.mark.django_db
TAKE_BACK = """
SELECT * FROM ledger_take_back_many('undo', %(credits)s::bigint[], %(due)s::bigint[], -1000,
    %(refs)s::text[], %(explanations)s::jsonb[], 'why', %(on)s, 'Asia/Ho_Chi_Minh', %(at)s, %(at)s,
    %(by)s)
ORDER BY place
"""
VOID = """
SELECT purchases_void_many('undo', %(sales)s::bigint[], %(names)s::text[], %(taken)s::bigint[],
    %(entries)s::bigint[], %(balances)s::bigint[], 'why', %(at)s, %(on)s, %(at)s, %(by)s)
"""
TAKE_OUT = (
    "SELECT tiers_take_out_many('undo', '1', ARRAY['old-till', 'old-till'], ARRAY['A-1', %s], %s)"
)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def sales_of(tmp_path, *customers):
    """A sale of 5 points for each customer named, as often as named."""
    rows = [
        f"KH-{who},,,2026-11-1{number} 10:00,50000,,A-{number}"
        for number, who in enumerate(customers)
    ]
    return bring_in(file_of(tmp_path, *rows, header=HEADER + ",receipt"), how=layout(WITH_RECEIPTS))


@pytest.fixture
def credits_due(tmp_path):
    """Two sales of one customer and one of another, the newest first."""
    sales_of(tmp_path, "a", "a", "b")
    sales = list(Purchase.objects.order_by("-reference"))
    return {
        "sales": [sale.pk for sale in sales],
        "credits": [sale.entry_id for sale in sales],
        "due": [5, 5, 5],
        "refs": [f"refund:{number}" for number in range(3)],
        "explanations": ["{}"] * 3,
        "on": NOON.date(),
        "at": NOON,
        "by": None,
    }


def test_points_go_back_out_of_their_own_lots(credits_due):
    taken = call(TAKE_BACK, credits_due)

    other, one = Account.objects.order_by("-pk").values_list("pk", flat=True)
    assert [row[2:] for row in taken] == [(5, 0), (5, 5), (5, 0)]
    entries = Entry.objects.filter(pk__in=[row[1] for row in taken]).order_by("pk")
    assert list(entries.values_list("account_id", "number", "points", "balance_after")) == [
        (other, 2, -5, 0),
        (one, 3, -5, 5),
        (one, 4, -5, 0),
    ]
    assert entries[0].explanation == {"due": 5, "taken": 5}
    assert set(Lot.objects.values_list("remaining", flat=True)) == {0}
    assert verify().problems == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"credits": [NOBODY] * 3},
        {"credits": [None] * 3},
        {"credits": []},
        {"due": [5, 5]},
        {"due": [5, 5, 0]},
        {"due": [5, 5, -1]},
        {"due": [5, 5, None]},
        {"refs": ["a", "b", "b"]},
        {"refs": ["a", "b"]},
        {"refs": ["a", "b", None]},
        {"explanations": ["{}", "{}"]},
        {"explanations": ["{}", "{}", None]},
        {"by": NOBODY},
    ],
    ids=str,
)
def test_wrong_credits_are_refused_whole(credits_due, wrong):
    before = everything()

    with pytest.raises(DatabaseError):
        call(TAKE_BACK, credits_due | wrong)

    assert everything() == before


def test_no_credit_is_named_twice(credits_due):
    first, second, _third = credits_due["credits"]

    with pytest.raises(DatabaseError, match="not told once each"):
        call(TAKE_BACK, credits_due | {"credits": [first, second, second]})


def test_what_was_taken_back_is_not_taken_again(credits_due):
    call(TAKE_BACK, credits_due | {"due": [1, 2, 3]})
    again = call(TAKE_BACK, credits_due | {"refs": ["a", "b", "c"]})
    third = call(TAKE_BACK, credits_due | {"refs": ["d", "e", "f"]})

    assert [row[2:] for row in again] == [(4, 0), (3, 2), (2, 0)]
    assert [row[1:] for row in third] == [(None, 0, 0)] * 3
    assert verify().problems == ()


def test_points_that_are_elsewhere_are_taken_as_by_take_back(credits_due):
    """One customer spent some; the other one's go by sets all the same."""
    spender = Entry.objects.get(pk=credits_due["credits"][1]).account_id
    told = {"source": "till", "reference": "r", "reason": "", "at": NOON, "by_id": None}
    spend(customer_id=spender, points=7, **told)

    taken = call(TAKE_BACK, credits_due)

    assert sorted(row[2:] for row in taken) == [(5, -7), (5, -2), (5, 0)]
    assert sum(debt.points for debt in Debt.objects.all()) == 7
    assert verify().problems == ()


def refused(statement, number):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [[number]])
    return True


def test_the_proof_of_what_was_taken_knows_other_entries(credits_due):
    """Those that earn, spend, leave a debt, or are not there."""
    spender = Entry.objects.get(pk=credits_due["credits"][1]).account_id
    told = {"source": "till", "reference": "r", "reason": "", "at": NOON, "by_id": None}
    spent = spend(customer_id=spender, points=7, **told)
    prove = "SELECT ledger_prove_taken(%s)"

    taken = [row[1] for row in call(TAKE_BACK, credits_due)]

    owing = set(Debt.objects.values_list("entry_id", flat=True))
    whole = [entry_id for entry_id in taken if entry_id not in owing]
    assert len(owing) == 2
    for number in (*owing, credits_due["credits"][0], spent.entry_id, NOBODY):
        assert refused(prove, number)
    with connection.cursor() as cursor:
        cursor.execute(prove, [whole])


@pytest.fixture
def voids(credits_due):
    taken = call(TAKE_BACK, credits_due)
    return credits_due | {
        "names": ["0", "1", "2"],
        "taken": [row[2] for row in taken],
        "entries": [row[1] for row in taken],
        "balances": [row[3] for row in taken],
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"sales": [NOBODY] * 3},
        {"sales": [None] * 3},
        {"sales": []},
        {"names": ["0", "1", "1"]},
        {"names": ["0", "1"]},
        {"names": ["1", "0", "2"]},
        {"taken": [5, 5, 4]},
        {"taken": [5, 5, 0]},
        {"taken": [5, 5, 6]},
        {"taken": [5, 5]},
        {"entries": [None] * 3},
        {"entries": [NOBODY] * 3},
        {"balances": [0, 5, 1]},
        {"by": NOBODY},
    ],
    ids=str,
)
def test_wrong_voids_are_refused_whole(voids, wrong):
    before = everything()

    with pytest.raises(DatabaseError):
        call(VOID, voids | wrong)

    assert everything() == before
    call(VOID, voids)
    assert set(Purchase.objects.values_list("stands", flat=True)) == {False}
    assert Refund.objects.filter(kind="void").count() == 3


@pytest.mark.parametrize("places", [(0, 0, 2), (0, 2, 1), (1, 0, 2)])
def test_the_entries_of_one_sale_are_not_anothers(voids, places):
    with pytest.raises(DatabaseError):
        call(VOID, voids | {"sales": [voids["sales"][place] for place in places]})


def test_what_does_not_stand_is_not_voided(voids):
    give_back(Purchase.objects.get(pk=voids["sales"][0]), amount_minor=50_000)

    with pytest.raises(DatabaseError, match="a sale does not stand"):
        call(VOID, voids)


def test_the_proof_of_voids_knows_other_refunds(voids):
    call(VOID, voids)
    void = Refund.objects.latest("pk")
    prove = "SELECT purchases_prove_voided(%s)"
    other = sell(None, total_minor=90_000, reference="other", at=NOON).purchase
    part = give_back(other, amount_minor=30_000)

    assert refused(prove, part.pk)
    assert refused(prove, NOBODY)
    with connection.cursor() as cursor:
        cursor.execute(prove, [[void.pk]])


def test_an_event_is_taken_out_once(credits_due):
    for _time in range(2):
        with connection.cursor() as cursor:
            cursor.execute(TAKE_OUT, ["nothing of that name", NOON])

    row = Qualification.objects.get(source="undo")
    assert (row.undoes.reference, row.spend_minor, row.recorded_at) == ("A-1", -50_000, NOON)
    assert row.reference == f"1:{row.undoes_id}"


def statements_for(tmp_path, *customers):
    batch = sales_of(tmp_path, *customers)
    with CaptureQueriesContext(connection) as queries:
        undo_import(batch=batch, at=NOON, by=None)
    return len(queries)


def test_three_sales_take_as_many_statements_as_one(tmp_path):
    statements_for(tmp_path, "z")  # What is asked once a process.
    assert statements_for(tmp_path, *"abc") == statements_for(tmp_path, "a")


def test_it_says_how_far_it_is(tmp_path):
    batch, said = sales_of(tmp_path, *"aabcd"), []

    with mock.patch.object(voiding, "CHUNK", 2):
        undo_import(batch=batch, at=NOON, by=None, report=lambda *step: said.append(step))

    assert said == [("undoing", 2, 5), ("undoing", 4, 5), ("undoing", 5, 5)]
    assert verify().problems == ()
