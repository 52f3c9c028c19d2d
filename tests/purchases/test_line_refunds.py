"""Goods that come back, line by line, and the points that had paid for them."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.programme.versions import publish
from loyalty.purchases.models import Activity, Purchase, PurchaseLine, Refund, RefundLine
from loyalty.purchases.previewing import refund_preview
from loyalty.purchases.refunds import void_purchase
from loyalty.purchases.returns import Back
from loyalty.tiers.models import Qualification, Standing
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER, line
from tests.factories.sales import give_back, sell, shop_that_says
from tests.faults.deeds import spend
from tests.faults.together import together

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
PAY = "[pay]\nmoney_minor = 1_000\n"
FULL_ONLY = '[refunds]\nspent_points = "full_only"\n'
MARK = '[[marks]]\nname = "KM"\nlabels = ["promo"]\nearns = false\ncounts_for_tier = false\n'
ONE = Decimal(1)


@pytest.fixture
def customer():
    return CustomerFactory()


def balance(customer):
    return Account.objects.get(customer=customer).balance


def void(purchase, reference="void-1"):
    return void_purchase(
        purchase=purchase,
        source="till",
        reference=reference,
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )


def test_a_line_that_comes_back_takes_what_it_earned_and_counted(customer):
    shop_that_says(MARK)
    sale = sell(customer, line(300_000), line(700_000), line(90_000, labels="promo")).purchase

    made = give_back(sale, lines=((2, ONE),))

    assert (made.amount_minor, made.points_due, made.points_taken) == (700_000, 70, 70)
    assert (made.money_minor, made.balance_after) == (700_000, 30)
    assert Standing.objects.get().spend_minor == 300_000
    assert made.entry.explanation["lines"] == [{"line": 2, "quantity": "1", "minor": 700_000}]
    kept = list(PurchaseLine.objects.values_list("refunded_minor", "refunded_quantity"))
    assert kept == [(0, 0), (700_000, 1), (0, 0)]
    assert Purchase.objects.get().refunded_minor == 700_000


def test_returning_the_free_goods_leaves_the_points_of_the_others(customer):
    """odoo/odoo/pull/177312: a partial refund without the reward's line took wrong points."""
    shop_that_says(MARK)
    sale = sell(customer, line(300_000), line(90_000, labels="promo")).purchase

    made = give_back(sale, lines=((2, ONE),))

    assert (made.amount_minor, made.points_due, made.entry) == (90_000, 0, None)
    assert balance(customer) == 30
    assert list(Qualification.objects.order_by("pk").values_list("spend_minor", "points")) == [
        *((300_000, 30), (0, 0))
    ]


def test_every_piece_of_a_line_once_and_then_no_more(customer):
    """odoo/odoo/pull/212922, /221928: a refund paid points again, then was not deducted at all."""
    shop_that_says()
    sale = sell(customer, line(33_333, quantity="3")).purchase

    pieces = [give_back(sale, f"back-{n}", lines=((1, ONE),)) for n in range(3)]
    with pytest.raises(DomainError):
        give_back(sale, "back-4", lines=((1, Decimal("0.001")),))
    with pytest.raises(DomainError):
        give_back(sale, "back-4", amount_minor=1)

    assert [made.amount_minor for made in pieces] == [33_333, 33_333, 33_333]
    assert [made.points_taken for made in pieces] == [3, 3, 3]
    assert (balance(customer), Activity.objects.exists()) == (0, False)
    assert RefundLine.objects.count() == Refund.objects.count() == 3


def test_all_invoices_returned_leave_no_points(customer):
    """frappe/erpnext/issues/32951: "return all sales invoices but still hold all the points"."""
    shop_that_says()
    sales = [sell(customer, line(75_000), line(38_000), reference=f"R-{n}") for n in range(3)]

    give_back(sales[0].purchase, "back-0", lines=((1, ONE), (2, ONE)))
    give_back(sales[1].purchase, "back-1", amount_minor=113_000)
    void(sales[2].purchase)

    assert balance(customer) == 0
    standing = Standing.objects.get()
    assert (standing.spend_minor, standing.points) == (0, 0)
    assert verify().problems == ()


def test_a_refund_that_is_sent_again_is_made_once(customer):
    """mollie/magento2/issues/928, wpswings #111 and #112: a repeated status takes points again."""
    shop_that_says()
    sale = sell(customer, line(100_000), line(50_000)).purchase
    first = give_back(sale, lines=((2, ONE),))

    again = give_back(sale, lines=((2, Decimal("1.000")),))
    for other in ({"lines": ((1, ONE),)}, {"lines": ((2, Decimal("0.5")),)}, {"amount_minor": 1}):
        with pytest.raises(Conflict):
            give_back(sale, **other)

    assert (again.pk, balance(customer)) == (first.pk, 10)


def test_a_refund_by_amount_is_a_part_of_every_line(customer):
    shop_that_says()
    sale = sell(customer, line(60_000), line(40_000)).purchase

    give_back(sale, amount_minor=50_000)
    rest = give_back(sale, "back-2", lines=((1, ONE),))

    assert rest.amount_minor == 30_000
    assert list(RefundLine.objects.values_list("line__number", "quantity", "amount_minor")) == [
        *((1, 0, 30_000), (2, 0, 20_000), (1, 1, 30_000))
    ]
    assert rest.points_taken == 3


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ({}, "amount"),
        ({"amount_minor": 1, "lines": ((1, ONE),)}, "amount"),
        ({"lines": ((4, ONE),)}, "lines[0].line"),
        ({"lines": ((1, ONE), (1, ONE))}, "lines[1].line"),
        ({"lines": ((1, Decimal(-1)),)}, "lines[0].quantity"),
        ({"lines": ((1, Decimal("NaN")),)}, "lines[0].quantity"),
        ({"lines": ((1, Decimal("0.0001")),)}, "lines[0].quantity"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_naming_the_field(customer, what, field):
    shop_that_says()
    sale = sell(customer, line(100_000)).purchase

    with pytest.raises(InvalidInput) as refused:
        give_back(sale, **what)

    assert refused.value.field == field
    assert not Refund.objects.exists()


def test_points_that_paid_come_back_with_the_goods_into_their_lots(customer):
    shop_that_says(PAY)
    give_points(customer, 30, expires_on=TODAY + timedelta(days=3))
    give_points(customer, 100)
    sale = sell(customer, line(60_000), line(40_000), spend_points=50).purchase

    made = give_back(sale, lines=((1, ONE),))

    assert (made.amount_minor, made.money_minor, made.returned_points) == (60_000, 30_000, 30)
    returned = made.returned_entry
    assert (returned.kind, returned.points, returned.reverses) == ("reverse", 30, sale.spent_entry)
    # 50 were taken, 30 of them from the lot that ends first; what ends last is filled up first.
    lots = Lot.objects.order_by("pk").values_list("points", "remaining")
    assert list(lots) == [(30, 10), (100, 100), (5, 2)]
    assert balance(customer) == made.balance_after == 112
    rest = give_back(sale, "back-2", lines=((2, ONE),))
    assert (rest.money_minor, rest.returned_points, rest.balance_after) == (20_000, 20, 130)
    assert verify().problems == ()


def test_what_points_paid_has_ended_by_the_return_ends_at_once(customer):
    shop_that_says(PAY)
    give_points(customer, 50, expires_on=TODAY)
    sale = sell(customer, line(100_000), spend_points=50).purchase

    made = give_back(sale, amount_minor=100_000, at=NOON + timedelta(days=1))

    assert (made.returned_points, made.points_taken, made.balance_after) == (50, 5, 0)
    assert Entry.objects.filter(kind="expire").count() == 1


def test_a_shop_may_keep_them_until_everything_is_back(customer):
    shop_that_says(PAY, FULL_ONLY)
    give_points(customer, 50)
    sale = sell(customer, line(60_000), line(40_000), spend_points=50).purchase

    first = give_back(sale, lines=((1, ONE),))
    last = give_back(sale, "back-2", lines=((2, ONE),))

    assert (first.money_minor, first.returned_points) == (50_000, 0)
    assert (last.money_minor, last.returned_points) == (0, 50)


def test_the_rules_in_force_at_the_refund_decide(customer):
    shop_that_says(PAY)
    later = "\n".join([PAY, FULL_ONLY, EVERYDAY, ONE_TIER + SILVER])
    publish(document=later, effective_from=NOON + timedelta(days=1), at=NOON, by=None)
    give_points(customer, 50)
    sale = sell(customer, line(100_000), spend_points=50).purchase

    first = give_back(sale, amount_minor=20_000)
    second = give_back(sale, "back-2", amount_minor=20_000, at=NOON + timedelta(days=2))

    assert (first.money_minor, first.returned_points) == (10_000, 10)
    assert (second.money_minor, second.returned_points) == (20_000, 0)


def test_buying_with_points_and_returning_again_and_again_makes_nothing(customer):
    """odoo/odoo/pull/257854: "buy, refund, keep points… unlimited"."""
    shop_that_says(PAY)
    give_points(customer, 100)

    for number in range(4):
        sale = sell(
            customer, line(33_000), line(67_000), reference=f"R-{number}", spend_points=100
        ).purchase
        give_back(sale, f"first-{number}", amount_minor=12_345)
        give_back(sale, f"second-{number}", lines=((2, ONE),))
        void(sale, f"void-{number}")
        assert balance(customer) == 100

    returned = Refund.objects.values_list("in_points_minor", "amount_minor", "returned_points")
    assert tuple(map(sum, zip(*returned, strict=True))) == (400_000, 400_000, 400)


def test_a_sale_of_nothing_can_be_cancelled_once(customer):
    shop_that_says(earn='[[earn]]\nname = "Quà"\npoints = 3\nper = "unit"\n' + EVERYDAY)
    sale = sell(customer, line(50_000), line(20_000, discount_minor=20_000)).purchase
    gift = sell(customer, line(20_000, discount_minor=20_000), reference="R-2").purchase
    earned = balance(customer)

    made = give_back(sale, lines=((2, ONE),))
    void(gift)

    assert (made.amount_minor, made.points_due, balance(customer)) == (0, 0, earned)
    with pytest.raises(DomainError):
        void(gift, "void-2")


@pytest.mark.parametrize(
    "what",
    [
        {"lines": ((1, ONE),)},
        {"lines": ((2, Decimal("0.5")), (1, ONE))},
        {"amount_minor": 12_345},
        {},
    ],
)
@pytest.mark.parametrize("spent_since", [0, 40])
def test_a_preview_tells_what_the_refund_then_does_and_writes_nothing(customer, what, spent_since):
    shop_that_says(PAY)
    give_points(customer, 50, expires_on=TODAY + timedelta(days=1))
    sale = sell(customer, line(600_000), line(400_000, quantity="2"), spend_points=45).purchase
    if spent_since:
        spend(customer, spent_since, "spent")
    rows = [model.objects.count() for model in (Entry, Refund, RefundLine, Qualification, Lot)]

    told = refund_preview(purchase=sale, at=NOON, **what)

    assert rows == [
        model.objects.count() for model in (Entry, Refund, RefundLine, Qualification, Lot)
    ]
    assert Standing.objects.get().tier_key == "bac"
    made = give_back(sale, **what) if what else void(sale)
    assert (told.amount_minor, told.money_minor) == (made.amount_minor, made.money_minor)
    assert (told.returned_points, told.points_due) == (made.returned_points, made.points_due)
    assert (told.points_taken, told.balance_after) == (made.points_taken, made.balance_after)
    assert told.tier_after == Standing.objects.get().tier_key
    lines = made.lines.order_by("line__number")
    assert told.lines == tuple(
        Back(row.line.number, row.quantity, row.amount_minor) for row in lines
    )


def test_a_preview_of_a_full_return_shows_the_tier_it_costs(customer):
    shop_that_says()
    sale = sell(customer, line(1_000_000)).purchase

    assert refund_preview(purchase=sale, at=NOON).tier_after == "bac"  # Tiers are kept here.
    assert refund_preview(purchase=sale, at=NOON).balance_after == 0


def test_more_lines_cost_no_more_queries(customer):
    shop_that_says()
    counts = []
    for lines in (1, 1, 3):  # The first one warms up.
        bill = [line(50_000)] * lines
        sale = sell(customer, *bill, reference=f"R-{len(counts)}").purchase
        back = tuple((number, ONE) for number in range(1, lines + 1))
        with CaptureQueriesContext(connection) as queries:
            give_back(sale, f"back-{len(counts)}", lines=back)
        counts.append(len(queries))

    assert counts[1] == counts[2]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE purchases_refundline SET amount_minor = 1",
        "DELETE FROM purchases_refundline",
        "INSERT INTO purchases_refundline (refund_id, line_id, quantity, amount_minor)"
        " SELECT refund_id, l.id, 0, 1 FROM purchases_refundline, purchases_purchaseline l"
        " WHERE l.number = 2",
        "INSERT INTO purchases_refund (purchase_id, kind, source, reference, request_hash,"
        " amount_minor, points_due, points_taken, reason, balance_after, occurred_at, occurred_on,"
        " recorded_at) SELECT purchase_id, 'refund', 's', 'r', '', 5, 0, 0, '', 0, occurred_at,"
        " occurred_on, recorded_at FROM purchases_refund",
    ],
)
def test_the_database_holds_the_lines_of_refunds_to_their_sum(customer, statement):
    shop_that_says()
    sale = sell(customer, line(60_000), line(40_000)).purchase
    give_back(sale, lines=((1, ONE),))

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")

    assert RefundLine.objects.get().amount_minor == 60_000


@pytest.mark.django_db(transaction=True)
def test_the_same_line_comes_back_at_one_of_many_tills(transactional_db):
    shop_that_says(PAY)
    customer = CustomerFactory()
    give_points(customer, 50)
    sale = sell(customer, line(60_000), line(40_000), spend_points=50).purchase

    outcomes = together(
        *(partial(give_back, sale, f"back-{till}", lines=((1, ONE),)) for till in range(4)),
        *(partial(give_back, sale, f"part-{till}", amount_minor=40_000) for till in range(4)),
    )

    made = [outcome for outcome in outcomes if isinstance(outcome, Refund)]
    assert sum(one.amount_minor for one in made) <= 100_000
    assert Purchase.objects.get().refunded_minor == sum(one.amount_minor for one in made)
    if Purchase.objects.get().refunded_minor < 100_000:
        void(sale)
    assert balance(customer) == 50
    assert verify().problems == ()
