"""Money given back takes its points back: once, by proportion, and never silently less."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.ledger.models import Account, Allocation, Debt, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.queries import points_of
from loyalty.ledger.services import expire_due
from loyalty.purchases.models import Activity, Purchase, Refund
from loyalty.purchases.proof import verify as verify_sales
from loyalty.purchases.refunds import (
    UnknownPurchase,
    purchase_of,
    refund_purchase,
    void_purchase,
)
from loyalty.tiers.models import Qualification, Standing
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.programmes import line
from tests.factories.returns import returns_say
from tests.factories.sales import sell
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.faults.deeds import buy, spend

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


@pytest.fixture
def customer():
    return CustomerFactory()


def refund(purchase, amount_minor, reference="back-1", *, at=NOON):
    return refund_purchase(
        purchase=purchase,
        amount_minor=amount_minor,
        source="till",
        reference=reference,
        reason="Wrong size",
        at=at,
        recorded_at=at,
        by=None,
    )


def void(purchase, reference="void-1"):
    return void_purchase(
        purchase=purchase,
        source="till",
        reference=reference,
        reason="Typed twice",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )


def balance(customer):
    return Account.objects.get(customer=customer).balance


def test_buy_refund_keep_the_points_does_not_pay(customer):
    """Themes of many projects: the goods go back, the points stay, again and again."""
    for number in range(3):
        sale = buy(customer, f"R-{number}", amount_minor=1_000_000).purchase
        usable = points_of(customer.pk, on=TODAY).usable
        if usable:
            spend(customer, usable, f"spend-{number}")
        refund(sale, 1_000_000, f"back-{number}")

    # 100 points, and 20 more when the second sale had repaid the first: all of it is owed.
    spent = Entry.objects.filter(kind="redeem").values_list("points", flat=True)
    assert sorted(spent) == [-100, -20]
    assert balance(customer) == -120
    assert verify().problems == ()


def test_a_refund_takes_the_points_out_of_their_own_lot(customer):
    give_points(customer, 50, expires_on=TODAY + timedelta(days=1))
    sale = buy(customer, "R-1").purchase

    made = refund(sale, 100_000)

    assert (made.points_due, made.points_taken, made.shortfall, made.balance_after) == (
        *(10, 10, 0),
        50,
    )
    entry = made.entry
    assert (entry.kind, entry.points, entry.reverses_id) == ("reverse", -10, sale.entry_id)
    assert entry.explanation == {
        "sale": "R-1",
        "sale_minor": 100_000,
        "sale_points": 10,
        "refunded_before_minor": 0,
        "refund_minor": 100_000,
        "due": 10,
        "taken": 10,
    }
    assert list(Lot.objects.order_by("id").values_list("remaining", flat=True)) == [50, 0]


def test_what_was_spent_of_a_lot_is_taken_from_the_others_that_end_first(customer):
    sale = buy(customer, "R-1").purchase
    spend(customer, 10, "spent")
    give_points(customer, 5)
    give_points(customer, 8, expires_on=TODAY + timedelta(days=9))

    refund(sale, 100_000)

    assert list(Lot.objects.order_by("id").values_list("remaining", flat=True)) == [0, 3, 0]


def test_what_is_nowhere_is_owed_and_the_next_points_repay_it_first(customer):
    sale = buy(customer, "R-1").purchase
    spend(customer, 8, "spent")

    made = refund(sale, 100_000)
    assert (made.points_taken, made.balance_after) == (10, -8)
    first = buy(customer, "R-2", amount_minor=50_000)
    second = buy(customer, "R-3", amount_minor=50_000)

    assert (first.balance, second.balance) == (-3, 2)
    debt = Debt.objects.get()
    assert (debt.points, debt.remaining) == (8, 0)
    repaid = Allocation.objects.filter(debt=debt).order_by("id")
    assert [(row.entry.reference, row.points) for row in repaid] == [("R-2", 5), ("R-3", 3)]
    assert spend(customer, 2, "rest").balance_after == 0
    assert verify().problems == ()


def test_a_shop_that_clamps_writes_the_rest_off_and_says_how_much(customer):
    returns_say('clawback = "clamp"')
    sale = buy(customer, "R-1").purchase
    spend(customer, 8, "spent")

    made = refund(sale, 100_000)

    assert (made.points_due, made.points_taken, made.shortfall) == (10, 2, 8)
    assert made.balance_after == 0
    assert not Debt.objects.exists()


def test_nobody_owes_more_than_the_shops_floor(customer):
    returns_say("lowest = -4")
    sale = buy(customer, "R-1").purchase
    spend(customer, 10, "spent")

    made = refund(sale, 100_000)

    assert (made.points_taken, made.shortfall, made.balance_after) == (4, 6, -4)
    assert refund(buy(customer, "R-2").purchase, 100_000, "back-2").balance_after == -4


def test_a_clamped_refund_of_points_all_spent_has_no_entry(customer):
    returns_say('clawback = "clamp"')
    sale = buy(customer, "R-1").purchase
    spend(customer, 10, "spent")

    made = refund(sale, 100_000)

    assert (made.entry, made.points_taken, made.shortfall) == (None, 0, 10)


def test_refunding_in_pieces_comes_to_the_same_as_at_once(customer):
    sale = buy(customer, "R-1", amount_minor=68_000).purchase  # 6 points.

    taken = [refund(sale, 17_000, f"piece-{piece}").points_taken for piece in range(4)]

    # 51.000đ kept are worth 4.5 points, 34.000đ 3, 17.000đ 1.5: each rounded down.
    assert taken == [2, 1, 2, 1]
    assert balance(customer) == 0


def test_more_than_was_paid_is_never_given_back(customer):
    sale = buy(customer, "R-1").purchase
    refund(sale, 60_000)

    with pytest.raises(DomainError, match="nhiều hơn phần còn lại"):
        refund(sale, 40_001, "back-2")
    assert refund(sale, 40_000, "back-3").points_taken == 4
    with pytest.raises(DomainError, match="nhiều hơn phần còn lại"):
        void(sale)

    assert (balance(customer), Refund.objects.count()) == (0, 2)


def test_the_same_refund_twice_is_one_and_answers_as_the_first_time(customer):
    sale = buy(customer, "R-1").purchase
    first = refund(sale, 50_000)
    buy(customer, "R-2")

    again = refund(sale, 50_000, at=NOON + timedelta(hours=9))

    assert (again.pk, again.balance_after) == (first.pk, 5)
    with pytest.raises(Conflict):
        refund(sale, 40_000)
    with pytest.raises(Conflict):
        void(sale, "back-1")
    assert balance(customer) == 15


def test_a_refund_before_its_sale_is_refused_clearly_and_works_once_the_sale_is_in(customer):
    with pytest.raises(UnknownPurchase, match="Ghi hoá đơn trước"):
        purchase_of(source="till", reference="R-1")

    buy(customer, "R-1")

    assert refund(purchase_of(source="till", reference="R-1"), 100_000).points_taken == 10


def test_a_void_undoes_all_that_is_left_and_the_sale_counts_nowhere(customer):
    buy(customer, "R-1", amount_minor=50_000, at=NOON - timedelta(days=10))
    sale = buy(customer, "R-2", amount_minor=1_000_000).purchase
    refund(sale, 300_000)

    made = void(sale)

    assert (made.kind, made.amount_minor, made.points_taken) == ("void", 700_000, 70)
    assert Standing.objects.get(customer=customer).spend_minor == 50_000
    activity = Activity.objects.get(customer=customer)
    assert (activity.purchases, activity.spend_minor) == (1, 50_000)
    assert (activity.first_on, activity.last_on) == (date(2026, 11, 12), date(2026, 11, 12))
    assert list(Qualification.objects.order_by("id").values_list("spend_minor", flat=True)) == [
        *(50_000, 1_000_000, -300_000, -700_000)
    ]


def test_voiding_the_only_sale_leaves_no_activity(customer):
    sale = buy(customer, "R-1").purchase

    void(sale)

    assert not Activity.objects.exists()
    assert buy(customer, "R-2").balance == 10
    assert Activity.objects.get(customer=customer).purchases == 1


def test_an_anonymous_sale_can_be_refunded_too():
    sale = buy(None, "R-1").purchase

    made = refund(sale, 40_000)

    assert (made.points_due, made.balance_after) == (0, 0)
    assert Purchase.objects.get().refunded_minor == 40_000
    assert not Account.objects.exists()


@pytest.mark.parametrize("job_has_run", [False, True])
def test_points_that_expired_are_not_taken_again(customer, job_has_run):
    sale = buy(customer, "R-1", at=NOON.replace(year=2024)).purchase  # Ended 30/11/2025.
    give_points(customer, 100)
    if job_has_run:
        expire_due(at=NOON)

    made = refund(sale, 100_000)

    assert (made.points_due, made.points_taken, made.balance_after) == (10, 0, 100)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_cannot_be_refunded(customer, amount):
    with pytest.raises(InvalidInput) as error:
        refund(buy(customer, "R-1").purchase, amount)

    assert error.value.field == "amount"
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE purchases_refund SET amount_minor = 1",
        "DELETE FROM purchases_refund",
        "UPDATE purchases_purchase SET refunded_minor = 0",
        "DELETE FROM ledger_debt",
        "UPDATE ledger_debt SET remaining = 0",
        "INSERT INTO ledger_debt (entry_id, account_id, points, remaining, floor)"
        " SELECT id, account_id, 1, 1, -1 FROM ledger_entry LIMIT 1",
        "SELECT ledger_post(1, 'earn', 5, 's', 'r', NULL, '{}', '', NULL, now(), now(), NULL, NULL)",
        "SELECT ledger_repay(account_id, NULL) FROM ledger_account",
        "SELECT ledger_take_back('s', reverses_id, 1, -99, 'again', '{}', '', '2026-11-22',"
        " 'UTC', now(), now(), NULL), ledger_credit('s', 'earn', '{1}', '{0}', '{r}', '{1}',"
        " '{}', '{NULL}', '{NULL}', '{}', '', now(), NULL, NULL) FROM ledger_entry"
        " WHERE kind = 'reverse'",
    ],
)
def test_the_database_keeps_refunds_and_debts_as_they_are(customer, statement):
    sale = buy(customer, "R-1").purchase
    spend(customer, 8, "spent")
    refund(sale, 50_000)
    expected = (balance(customer), Entry.objects.count(), Refund.objects.get().amount_minor)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")

    assert (balance(customer), Entry.objects.count(), Refund.objects.get().amount_minor) == expected


@pytest.mark.parametrize("name", ["", " ", "x" * 91, "\x00"])
def test_a_refund_needs_a_number_that_can_be_kept(customer, name):
    with pytest.raises(InvalidInput) as error:
        refund(buy(customer, "R-1").purchase, 1_000, name)

    assert error.value.field == "reference"


def test_a_refund_says_who_gave_it(customer):
    cashier = StaffFactory()
    sale = buy(customer, "R-1").purchase

    made = refund_purchase(
        purchase=sale,
        amount_minor=1_000,
        source="till",
        reference="b",
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=cashier,
    )

    assert (made.recorded_by, made.entry.recorded_by) == (cashier, cashier)


def test_a_sale_of_nothing_stands_until_it_is_voided(customer):
    gift = sell(customer, line(0)).purchase
    sell(customer, line(50_000), reference="R-2")
    assert (gift.stands, Activity.objects.get().purchases) == (True, 2)

    void(gift)

    gift.refresh_from_db()
    assert (gift.voided, gift.stands, gift.refunded_minor) == (True, False, 0)
    assert (Activity.objects.get().purchases, Activity.objects.get().spend_minor) == (1, 50_000)
    assert verify_sales().problems == ()


def test_nobody_says_at_the_sale_alone_that_it_is_voided(customer):
    sale = sell(customer, line(50_000)).purchase

    with pytest.raises(DatabaseError, match="stays as it was"), transaction.atomic():
        Purchase.objects.filter(pk=sale.pk).update(voided=True)
