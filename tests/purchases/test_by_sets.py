"""
The verbs that write a file's sales by sets let the triggers of rows rest, and prove what those would
have refused: each kind of wrong rows is refused, and nothing of them stays.
"""

from datetime import date

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from loyalty.ledger.models import Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.services import lock_accounts
from loyalty.programme.models import ProgrammeVersion
from loyalty.purchases import proof as sales_proof
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import USUAL
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.models import Activity, ImportBatch, Purchase
from loyalty.tiers import proof as tiers_proof
from loyalty.tiers.models import Qualification, Standing, TierChange
from loyalty.tiers.rules import Climb
from loyalty.tiers.services import keep
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.purchases.sales_files import file_of
from tests.purchases.test_import_equals_till import outcome
from tests.support import database

pytestmark = pytest.mark.django_db
NOBODY = 2_000_000_000
EARN = """
SELECT * FROM ledger_earn_many('old', %(customers)s::bigint[], %(points)s::bigint[],
    %(refs)s::text[], %(versions)s::bigint[], %(whys)s::int[], ARRAY['{"base": 1}']::jsonb[],
    %(starts)s::date[], %(days)s::date[], %(moments)s::timestamptz[], %(at)s, %(by)s)
"""
COUNT = """
SELECT tiers_record_many('old', %(customers)s::bigint[], %(refs)s::text[], %(spent)s::bigint[],
    %(points)s::bigint[], %(moments)s::timestamptz[], %(at)s, %(movers)s::bigint[], ARRAY[''],
    ARRAY['bac'], ARRAY['reached'], ARRAY[1::bigint], %(versions)s::bigint[], ARRAY[%(at)s])
"""
SELL = """
SELECT purchases_record_many('old', %(batch)s, %(customers)s::bigint[],
    %(branches)s::bigint[], %(refs)s::text[], %(hashes)s::text[], %(amounts)s::bigint[],
    %(none)s::bigint[], %(none)s::bigint[], %(nulls)s::int[], %(points)s::bigint[],
    %(entries)s::bigint[], %(balances)s::bigint[], %(keys)s::text[], %(keys)s::text[],
    %(moments)s::timestamptz[], %(days)s::date[], %(at)s, %(by)s)
"""


def call(statement, told):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, told)
        rows = cursor.fetchall()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return rows


def written():
    models = (Entry, Lot, Qualification, TierChange, Purchase, Activity)
    return [model.objects.count() for model in models]


@pytest.fixture
def two(db):
    """What two customers earn: the first one twice."""
    shop_with_programme()
    one, other = CustomerFactory(), CustomerFactory()
    lock_accounts([one.pk, other.pk])
    customers = [one.pk, one.pk, other.pk]
    version = ProgrammeVersion.objects.get()
    return {
        "customers": customers,
        "points": [5, 7, 11],
        "refs": ["a", "b", "c"],
        "versions": [version.pk] * 3,
        "whys": [1, 1, 1],
        "starts": [None] * 3,
        "days": [date(2027, 1, 1)] * 3,
        "moments": [NOON] * 3,
        "at": NOON,
        "by": None,
    }


def test_credits_continue_each_account_and_open_their_lots(two):
    [(ids, balances)] = call(EARN, two)

    assert ids == sorted(ids)
    assert balances == [5, 12, 11]
    entries = Entry.objects.order_by("id").values_list(
        "account_id", "number", "points", "balance_after", "explanation", "lot__remaining"
    )
    one, other = two["customers"][0], two["customers"][2]
    assert list(entries) == [
        (one, 1, 5, 5, {"base": 1}, 5),
        (one, 2, 7, 12, {"base": 1}, 7),
        (other, 1, 11, 11, {"base": 1}, 11),
    ]
    assert verify().problems == ()


def test_sales_that_earn_nothing_write_nothing_and_learn_the_balance(two):
    one, other = two["customers"][0], two["customers"][2]
    customers = {"customers": [one, one, other], "points": [5, 0, 0]}

    [(ids, balances)] = call(EARN, two | customers)

    assert ids == [Entry.objects.get().pk, None, None]
    assert balances == [5, 5, 0]
    assert call(
        EARN, two | {"customers": [None] * 3, "points": [0] * 3, "refs": ["d", "e", "f"]}
    ) == [([None, None, None], [0, 0, 0])]
    assert verify().problems == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"customers": [NOBODY, NOBODY, NOBODY]},
        {"customers": [None, None, None]},
        {"customers": []},
        {"points": [5, 7, -1]},
        {"points": [5, 7, 1_000_000_001]},
        {"points": [5, 7]},
        {"refs": ["a", "b", "b"]},
        {"refs": ["a", "b"]},
        {"versions": [NOBODY] * 3},
        {"whys": [1, 1, 2]},
        {"moments": [NOON, NOON]},
        {"by": NOBODY},
    ],
    ids=str,
)
def test_wrong_credits_are_refused_whole(two, wrong):
    before = written()

    with pytest.raises(DatabaseError):
        call(EARN, two | wrong)

    assert written() == before


@pytest.fixture
def events(two):
    return two | {"spent": [50_000, 70_000, 110_000], "movers": [two["customers"][0]]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"customers": [NOBODY, NOBODY, NOBODY]},
        {"customers": [None, None, None]},
        {"movers": [NOBODY]},
        {"movers": [None]},
        {"versions": [NOBODY]},
        {"refs": ["a", "b", "b"]},
        {"spent": [1, 2]},
    ],
    ids=str,
)
def test_wrong_events_are_refused_whole(events, wrong):
    right = events | {"versions": events["versions"][:1]}
    before = written()

    with pytest.raises(DatabaseError):
        call(COUNT, right | wrong)

    assert written() == before
    call(COUNT, right)
    assert written() == [0, 0, 3, 1, 0, 0]


@pytest.mark.parametrize(
    "wrong",
    [{"customer_id": NOBODY}, {"version_id": NOBODY}, {"version_id": None}, {"visits": -1}],
    ids=str,
)
def test_wrong_standings_are_refused_whole(two, wrong):
    right = Climb(
        two["customers"][0], "bac", "bac", since=NOON, version_id=two["versions"][0],
        counted_at=NOON, settled_on=NOON.date(),
    )  # fmt: skip

    with pytest.raises(DatabaseError), transaction.atomic():
        keep([right, right._replace(customer_id=two["customers"][2])._replace(**wrong)])

    assert not Standing.objects.exists()
    keep([right])
    assert Standing.objects.get().tier_key == "bac"


@pytest.fixture
def sales(two):
    [(entries, _balances)] = call(EARN, two)
    batch = ImportBatch.objects.create(
        source="old", file_name="f", file_sha256="", finished_at=NOON
    )
    return two | {
        "batch": batch.pk,
        "branches": [None] * 3,
        "hashes": ["x", "y", "z"],
        "amounts": [50_000, 70_000, 110_000],
        "none": [0, 0, 0],
        "nulls": [None] * 3,
        "entries": entries,
        "balances": [5, 12, 11],
        "keys": ["bac"] * 3,
        "days": [NOON.date()] * 3,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": NOBODY},
        {"by": NOBODY},
        {"customers": [NOBODY, NOBODY, NOBODY]},
        {"customers": [None, None, None]},
        {"branches": [None, None, NOBODY]},
        {"amounts": [50_000, 70_000, -1]},
        {"amounts": [50_000, 70_000]},
        {"none": [0, 0, -1]},
        {"refs": ["a", "b", "b"]},
        {"refs": ["a", "b", "d"]},
        {"refs": ["a", "b"]},
        {"entries": [None, None, None]},
        {"entries": [NOBODY, NOBODY, NOBODY]},
        {"points": [5, 7, 10]},
        {"balances": [5, 12, 12]},
        {"moments": [NOON]},
    ],
    ids=str,
)
def test_wrong_sales_are_refused_whole(sales, wrong):
    before = written()

    with pytest.raises(DatabaseError):
        call(SELL, sales | wrong)

    assert written() == before
    [(ids,)] = call(SELL, sales)
    assert len(ids) == 3
    one, other = sales["customers"][0], sales["customers"][2]
    assert list(Activity.objects.values_list("customer_id", "purchases", "spend_minor")) == [
        (one, 2, 120_000),
        (other, 1, 110_000),
    ]


def test_the_entries_of_one_sale_are_not_anothers(sales):
    first, second, third = sales["entries"]

    with pytest.raises(DatabaseError, match="names the entry of another"):
        call(SELL, sales | {"entries": [second, first, third]})


def test_the_triggers_rest_for_the_verbs_alone(two):
    with connection.cursor() as cursor:
        cursor.execute("SELECT shop_rest_row_triggers(true)")
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)
        call(EARN, two)
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)
        with pytest.raises(DatabaseError):
            call(EARN, two)  # A second time.
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)


REST = "CREATE OR REPLACE FUNCTION shop_rest_row_triggers(rest boolean) RETURNS void LANGUAGE plpgsql AS "


@pytest.fixture
def wakeful(transactional_db):
    """As with an owner of the database who may not let triggers rest."""
    with psycopg.connect(database.owner_url(database.name()), autocommit=True) as owner:
        source = owner.execute(
            "SELECT prosrc FROM pg_proc WHERE proname = 'shop_rest_row_triggers'"
        ).fetchone()[0]
        owner.execute(f"{REST} $$ BEGIN END $$")
        yield
        owner.execute(f"{REST} $${source}$$")


def rows_of_a_shop():
    """Sales of a few customers on many days, among them some of nobody."""
    return [
        f"{number % 5 or ''},,,2026-0{1 + number % 9}-1{number % 7},{10_000 + 37_000 * (number % 11)},"
        for number in range(60)
    ]


def brought_in(tmp_path):
    shop_with_programme()
    path = file_of(tmp_path, *rows_of_a_shop())
    batch = import_file(Job(path=path, layout=USUAL, at=NOON, by=None))
    assert batch.purchases_added == 60
    assert verify().problems == ()
    assert sales_proof.verify().problems == ()
    assert tiers_proof.verify(at=NOON).differences == ()
    return batch, told()


def told():
    events = Qualification.objects.order_by("customer__external_id", "occurred_at", "spend_minor")
    return outcome() | {"events": list(events.values_list("spend_minor", "points", "occurred_at"))}


def taken_back(batch):
    later = NOON.replace(year=2027, month=6)  # Some of its points have ended.
    undo_import(batch=batch, at=later, by=None)
    assert not Purchase.objects.filter(stands=True).exists()
    assert set(Entry.objects.values_list("kind", flat=True)) == {"earn", "expire", "reverse"}
    assert verify().problems == ()
    assert sales_proof.verify().problems == ()
    assert tiers_proof.verify(at=later).differences == ()
    found = told()
    for place, (*entry, explanation, expires, usable, version) in enumerate(found["entries"]):
        explanation.pop("sale", None)  # Its name has the customer's number in it.
        found["entries"][place] = (*entry, explanation, expires, usable, version)
    return found


@pytest.mark.django_db(transaction=True)
def test_resting_triggers_change_nothing(request, tmp_path):
    batch, quick = brought_in(tmp_path)
    quick_back = taken_back(batch)
    database.empty()
    request.getfixturevalue("wakeful")
    batch, slow = brought_in(tmp_path)
    assert slow == quick
    assert taken_back(batch) == quick_back


READ = "SELECT pg_stat_get_xact_tuples_returned('purchases_purchase_entry_id_key'::regclass)"


def test_a_parts_proof_reads_no_sales_before_it(tmp_path):
    shop_with_programme()
    path = file_of(
        tmp_path, *(f"c{n % 50},,,2026-01-{1 + n % 28:02},{n * 1000}," for n in range(3_000))
    )
    import_file(Job(path=path, layout=USUAL, at=NOON, by=None))
    last = list(Purchase.objects.order_by("-id").values_list("id", flat=True)[:50])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE purchases_purchase")
        cursor.execute(READ)
        before = cursor.fetchone()[0]
        cursor.execute("SELECT purchases_prove_earned(%s)", [last])
        cursor.execute(READ)
        # The planner itself may look at both ends of the index.
        assert cursor.fetchone()[0] - before <= 2
