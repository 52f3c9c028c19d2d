"""An import that is taken back leaves the shop as if its file had never come in."""

import json
from datetime import timedelta
from random import Random
from unittest import mock

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from loyalty.care.merging import merge_customers
from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.ledger.services import expire_due
from loyalty.purchases.imports.refusals import RowsRefused
from loyalty.purchases.imports.undoing import Blocked, UndoRefused, undo_import
from loyalty.purchases.models import Activity, ImportBatch, Purchase, Refund
from loyalty.purchases.proof import verify as verify_sales
from loyalty.tiers import restating
from loyalty.tiers.models import Standing, TierChange
from loyalty.tiers.proof import verify as verify_tiers
from rewards.cancelling import cancel_redemption
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.returns import returns_say
from tests.factories.rewards import RewardFactory
from tests.factories.sales import give_back, sell
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.purchases.sales_files import HEADER, WITH_RECEIPTS, bring_in, file_of, layout
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
RECEIPTS = layout(WITH_RECEIPTS)
LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


@pytest.fixture
def proven():
    yield
    assert verify().problems == ()
    assert verify_sales().problems == ()
    assert verify_tiers(at=LATER).differences == ()


@pytest.fixture
def lan():
    """A customer of the till with 30 points; the file knows her by her phone."""
    customer = CustomerFactory(phone="+84912345678")
    sell(customer, total_minor=300_000, reference="till-1", at=NOON - timedelta(days=3))
    return customer


def files(tmp_path):
    """Lan's sales that lift her to silver, one without a customer, one of nothing, a new customer."""
    rows = (
        "KH-1,0912345678,,2026-01-05 10:00,1500000,,A-1",
        "KH-1,0912345678,,2026-11-21 10:00,900000,,A-2",
        ",,,2026-11-20 09:00,50000,,A-3",
        "KH-1,0912345678,,2026-11-20 09:30,0,,A-4",
        "KH-2,,Mai,2026-11-20 09:45,120000,,A-5",
    )
    return file_of(tmp_path, *rows, header=HEADER + ",receipt")


def undo(batch, at=LATER):
    return undo_import(batch=batch, at=at, by=None)


def standing():
    """What people see: points, tiers, activity, and what reports count."""
    return (
        sorted(Account.objects.exclude(balance=0).values_list("customer", "balance")),
        sorted(
            Standing.objects.values_list("customer", "tier_key", "spend_minor", "visits", "points")
        ),
        list(Activity.objects.order_by("customer").values()),
        sorted(Purchase.objects.filter(stands=True).values_list("pk", "amount_minor", "points")),
    )


def test_balances_tiers_activity_and_reports_are_as_before(tmp_path, lan, proven):
    before = standing()
    batch = bring_in(files(tmp_path), how=RECEIPTS)
    assert (batch.purchases_added, batch.customers_added) == (5, 1)
    assert Standing.objects.get(pk=lan.pk).tier_key == "bac"

    undone = undo(batch)

    assert standing() == before
    assert undone.undone_at == LATER
    last = TierChange.objects.latest("pk")
    assert (last.from_key, last.to_key, last.reason) == ("bac", "moi", "undone")
    assert set(Refund.objects.values_list("kind", "source")) == {("void", "undo")}
    assert Customer.objects.filter(external_id="KH-2").exists()  # Stays, without sales.


def test_twice_is_once(tmp_path, lan, proven):
    batch = bring_in(files(tmp_path), how=RECEIPTS)
    undo(batch)
    count = Refund.objects.count()

    assert undo(batch, at=LATER + timedelta(days=1)).undone_at == LATER
    assert Refund.objects.count() == count == 5


def test_the_file_can_be_imported_again_and_then_adds_nothing_twice(tmp_path, lan, proven):
    path = files(tmp_path)
    for times in (1, 2, 3):
        batch = bring_in(path, how=RECEIPTS)
        assert (batch.purchases_added, batch.purchases_known) == (5, 0)
        assert Account.objects.get(pk=lan.pk).balance == 288
        again = bring_in(path, how=RECEIPTS)
        assert (again.purchases_added, again.purchases_known) == (0, 5), times
        undo(batch)
        assert Account.objects.get(pk=lan.pk).balance == 30


def test_rows_without_receipt_numbers_can_come_again_too(tmp_path):
    path = file_of(tmp_path, "KH-7,,,2026-11-20 08:15,68000,", "KH-7,,,2026-11-20 08:15,68000,")
    undo(bring_in(path))

    assert bring_in(path).purchases_added == 2
    assert bring_in(path).purchases_added == 0
    assert Account.objects.get().balance == 12


def test_it_is_refused_with_the_sales_named_while_their_points_are_spent(tmp_path, lan, proven):
    batch = bring_in(files(tmp_path), how=RECEIPTS)
    spent = redeem_reward(
        customer=lan,
        reward=RewardFactory(cost_points=160),
        source="till",
        reference="r-1",
        at=LATER,
        by=None,
    )
    during = standing()

    with pytest.raises(UndoRefused, match="A-1: điểm của hoá đơn này đã được dùng") as refused:
        undo(batch)

    assert Blocked("A-1", "spent") in refused.value.blocked
    assert standing() == during
    assert ImportBatch.objects.get(pk=batch.pk).undone_at is None

    cancel_redemption(redemption=spent, source="till", reason="", at=LATER, by=None)
    undo(batch)
    assert Account.objects.get(pk=lan.pk).balance == 30


def test_it_is_refused_once_a_customer_was_merged_into_another(tmp_path, lan):
    batch = bring_in(files(tmp_path), how=RECEIPTS)
    mai = Customer.objects.get(external_id="KH-2")
    merge_customers(kept=lan, duplicate=mai, reason="One", at=LATER, by=StaffFactory(role="owner"))

    with pytest.raises(UndoRefused) as refused:
        undo(batch)

    assert refused.value.blocked == (Blocked("A-5", "merged"),)


def test_what_was_given_back_before_is_not_taken_twice(tmp_path, lan, proven):
    before = standing()
    batch = bring_in(files(tmp_path), how=RECEIPTS)
    give_back(Purchase.objects.get(reference="A-2"), amount_minor=450_000, at=LATER)
    give_back(Purchase.objects.get(reference="A-5"), "all", amount_minor=120_000, at=LATER)

    undo(batch)

    assert standing() == before


def test_points_that_expired_meanwhile_stay_expired(tmp_path, lan, proven):
    path = file_of(
        tmp_path, "KH-1,0912345678,,2025-01-05 10:00,500000,,A-1", header=HEADER + ",receipt"
    )
    batch = bring_in(path, how=RECEIPTS)
    expire_due(at=NOON)
    assert Account.objects.get(pk=lan.pk).balance == 30

    undo(batch)

    assert Account.objects.get(pk=lan.pk).balance == 30


def test_a_debt_that_the_import_repaid_is_owed_again(tmp_path, proven):
    returns_say("lowest = -1_000")
    customer = CustomerFactory(phone="+84912345678")
    sale = sell(customer, total_minor=300_000, at=NOON - timedelta(days=3)).purchase
    redeem_reward(
        customer=customer,
        reward=RewardFactory(cost_points=20),
        source="till",
        reference="r-1",
        at=NOON,
        by=None,
    )
    give_back(sale, amount_minor=300_000)
    assert Account.objects.get().balance == -20
    path = file_of(
        tmp_path, ",0912345678,,2026-11-20 10:00,500000,,A-1", header=HEADER + ",receipt"
    )
    batch = bring_in(path, how=RECEIPTS)
    assert Account.objects.get().balance == 30

    undo(batch)

    assert Account.objects.get().balance == -20


def test_sales_of_the_till_since_stay_with_what_they_earned(tmp_path, lan, proven):
    batch = bring_in(files(tmp_path), how=RECEIPTS)
    since = sell(lan, total_minor=100_000, reference="till-2", at=LATER).purchase

    undo(batch)

    assert since.points == 12  # As silver, which she was by then.
    assert Account.objects.get(pk=lan.pk).balance == 30 + 12
    assert Activity.objects.get(pk=lan.pk).purchases == 2


def test_a_receipt_number_of_the_second_name_is_refused(tmp_path):
    path = file_of(tmp_path, "KH-1,,,2026-11-20 10:00,5000,,A~again-1", header=HEADER + ",receipt")

    with pytest.raises(RowsRefused, match="không thể lưu"):
        bring_in(path, how=RECEIPTS)

    assert not Purchase.objects.exists()


def test_returns_of_the_file_go_with_its_sales_and_come_again_with_them(tmp_path, lan, proven):
    before = standing()
    rows = (
        "KH-1,0912345678,,2026-11-20 10:00,500000,,A-1",
        "KH-1,0912345678,,2026-11-21 10:00,-200000,,A-1",
    )
    path = file_of(tmp_path, *rows, header=HEADER + ",receipt")
    for minutes in range(3):
        batch = bring_in(path, how=RECEIPTS, at=NOON + timedelta(minutes=minutes))
        assert (batch.purchases_added, batch.refunds_added) == (1, 1)
        again = bring_in(path, how=RECEIPTS)
        assert (again.purchases_added, again.refunds_added) == (0, 0)
        assert Account.objects.get(pk=lan.pk).balance == 30 + 50 - 20
        undo(batch)
        assert standing() == before


def test_a_return_of_an_earlier_files_sale_stands_in_the_way(tmp_path, lan):
    header = HEADER + ",receipt"
    bring_in(
        file_of(tmp_path, "KH-1,0912345678,,2026-11-20 10:00,500000,,A-1", header=header),
        how=RECEIPTS,
    )
    back = "KH-1,0912345678,,2026-11-21 10:00,-200000,,A-1"
    batch = bring_in(file_of(tmp_path, back, header=header), how=RECEIPTS, at=LATER)
    assert batch.refunds_added == 1

    with pytest.raises(UndoRefused) as refused:
        undo(batch)

    assert refused.value.blocked == (Blocked("A-1", "returned"),)


def test_the_command_says_what_it_did(tmp_path, lan, capsys):
    batch = bring_in(files(tmp_path), how=RECEIPTS)

    call_command("undo_import", str(batch.pk), "--json")
    assert json.loads(capsys.readouterr().out) == {
        "import": batch.pk,
        "sales": 5,
        "was_undone": False,
    }
    call_command("undo_import", str(batch.pk))
    assert capsys.readouterr().out == "Lần nhập này đã được hoàn tác trước đó.\n"
    with pytest.raises(CommandError, match="Không có lần nhập nào mang số này"):
        call_command("undo_import", "0")


def test_each_customers_tier_is_counted_again_once(tmp_path):
    rows = [
        f"KH-{who},,,2026-11-{day:02} 10:00,10000,,{who}-{day}"
        for who in "12"
        for day in range(1, 9)
    ]
    batch = bring_in(file_of(tmp_path, *rows, header=HEADER + ",receipt"), how=RECEIPTS)

    with mock.patch.object(restating, "restate", wraps=restating.restate) as restate:
        undo(batch)

    assert [len(call.args[0]) for call in restate.call_args_list] == [2]


def test_any_file_is_taken_back_whole(tmp_path, lan, proven):
    """Files of any sales of few customers, imported and undone in any order."""

    random = Random(7)
    before = standing()
    batches = []
    for number in range(rounds(usual=3, soak=60)):
        rows = [
            f"KH-{random.randint(1, 3)},,,2026-{random.randint(1, 11):02}-{random.randint(1, 20):02}"
            f" 10:{random.randint(0, 59):02},{random.randint(0, 90) * 10_000},,F{number}-{row}"
            for row in range(random.randint(1, 12))
        ]
        path = file_of(tmp_path, *rows, header=HEADER + ",receipt")
        batches.append(bring_in(path, how=RECEIPTS))
    random.shuffle(batches)

    for batch in batches:
        undo(batch)

    assert standing() == before
