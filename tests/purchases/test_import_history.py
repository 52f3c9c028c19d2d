"""Sales whose points came by themselves, as a balance: they count for everything but points."""

import pytest

from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.programme.versions import publish
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.members.running import import_members
from loyalty.purchases.imports.parsing import parse
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.models import Activity, Purchase, PurchaseLine, Refund
from loyalty.purchases.proof import verify as verify_sales
from loyalty.tiers.models import Standing
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.sales import sell
from tests.factories.shop import STARTERS, shop_with_programme
from tests.purchases.sales_files import WITH_RECEIPTS, bring_in, file_of, layout

pytestmark = pytest.mark.django_db
HEADER = "customer,phone,name,date,amount,branch,receipt"
HISTORY = "earns = false\n" + WITH_RECEIPTS
ROWS = (
    "KH1,0912345678,Lan,2026-11-18,700000,,A1",
    "KH1,0912345678,Lan,2026-11-19,400000,,A2",
    "KH1,0912345678,Lan,2026-11-20,-100000,,A2",
)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def members(folder, *rows):
    path = folder / "customers.csv"
    path.write_text("\n".join(["phone,name,points,expires", *rows]) + "\n", "utf-8")
    how = "\n".join(f'{name}.column = "{name}"' for name in ("phone", "name", "points", "expires"))
    told = parse(f'source = "old-till"\n[columns]\n{how}', About.CUSTOMERS)
    return import_members(Job(path=path, layout=told, at=NOON, by=None))


def proven():
    assert verify().problems == ()
    assert verify_sales().problems == ()


def test_they_bring_tier_and_reports_and_leave_the_balance_alone(tmp_path):
    members(tmp_path, "0912345678,Lan,45,2027-05-31")
    path = file_of(tmp_path, *ROWS, header=HEADER)

    batch = bring_in(path, how=layout(HISTORY))

    assert (batch.purchases_added, batch.refunds_added, batch.points_added) == (2, 1, 0)
    assert (Account.objects.get().balance, Entry.objects.count()) == (45, 1)
    assert (Standing.objects.get().tier_key, Activity.objects.get().spend_minor) == (
        "bac",
        1_000_000,
    )
    assert (PurchaseLine.objects.count(), Refund.objects.get().points_taken) == (0, 0)
    assert bring_in(path, how=layout(HISTORY)).purchases_added == 0
    proven()


def test_the_next_sale_at_the_till_earns_in_the_tier_they_brought(tmp_path):
    customer = CustomerFactory(phone="+84912345678")
    bring_in(file_of(tmp_path, *ROWS, header=HEADER), how=layout(HISTORY))

    assert sell(customer, total_minor=100_000).purchase.points == 12


def test_they_are_taken_back_like_any_others(tmp_path):
    batch = bring_in(file_of(tmp_path, *ROWS, header=HEADER), how=layout(HISTORY))

    undo_import(batch=batch, at=NOON, by=None)

    assert not Purchase.objects.filter(stands=True).exists()
    assert not Standing.objects.exists()
    proven()


def test_days_that_are_one_purchase_earn_nothing_either(tmp_path):
    how = HISTORY.replace("anonymous = true", 'group_by = "customer_day"')
    how = how.replace('reference = { column = "receipt" }\n', "")

    bring_in(file_of(tmp_path, *(row for row in ROWS[:2]), ROWS[0], header=HEADER), how=layout(how))

    sums = Purchase.objects.order_by("occurred_on").values_list("amount_minor", "points")
    assert list(sums) == [(1_400_000, 0), (400_000, 0)]
    proven()


def test_what_was_paid_for_delivery_earns_nothing_with_them(tmp_path):
    cafe = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
    rules = cafe + '\n[basis]\nshipping = "with"\n'
    publish(document=rules, effective_from=NOON.replace(year=1991), at=NOON, by=None)
    how = 'group_by = "receipt"\n' + HISTORY + 'total = { column = "branch" }\n'
    how = how.replace('branch = { column = "branch" }\n', "")
    row = "KH1,0912345678,Lan,2026-11-18,700000,900000,A1"

    bring_in(file_of(tmp_path, row, header=HEADER), how=layout(how))

    assert (Purchase.objects.get().amount_minor, Purchase.objects.get().points) == (700_000, 0)
    assert not Entry.objects.exists()
    proven()


@pytest.mark.parametrize("word", ["never", "Không", "Không hết hạn", "vô hạn"])
def test_points_may_be_for_ever(tmp_path, word):
    members(tmp_path, f"0912345678,Lan,45,{word}", "0912345678,Lan,5,2027-05-31")

    assert set(Lot.objects.values_list("remaining", "expires_on__year")) == {(45, None), (5, 2027)}
    members(tmp_path, f"0912345678,Lan,45,{word}")
    assert Account.objects.get().balance == 50


def test_a_return_of_nothing_is_left_out(tmp_path):
    how = WITH_RECEIPTS.replace('"receipt" }', '"receipt", returns_begin_with = "TH" }')
    rows = (ROWS[0], "KH1,0912345678,Lan,2026-11-19,0,,TH1")

    batch = bring_in(file_of(tmp_path, *rows, header=HEADER), how=layout(how))

    assert (batch.purchases_added, batch.refunds_added, batch.rows_cancelled) == (1, 0, 1)
