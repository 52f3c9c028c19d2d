"""A bill of lines: priced by the programme, kept line by line, and adding up exactly."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.errors import Conflict
from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.programme.basket import Line
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Activity, CapUse, DiscountUse, Purchase, PurchaseLine
from loyalty.purchases.recording import quote
from loyalty.tiers.models import Standing
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.programmes import line
from tests.factories.sales import give_back, sell, shop_that_says

pytestmark = pytest.mark.django_db

TET = """
[[discounts]]
key = "tet"
name = "Tết vui"
name_en = "Happy Tết"
percent = 10
code = "TET26"
"""
TEA_SALE = """
[[discounts]]
key = "tra"
name = "Ngày trà"
percent = 20
categories = ["tra"]
"""
CAPPED = """
[[earn]]
key = "mua"
name = "Mua hàng"
points = 1
per_minor = 10_000
cap_points = 15
cap_per = "month"
"""
BIRTHDAY = """
[[discounts]]
key = "sn"
name = "Sinh nhật"
percent = 20
birthday = {before = 3, after = 3}
"""
TEA = Line(45_000, Decimal(2), sku="T1", name="Trà sen", category="tra", premium=True)
CAKE = Line(35_000, Decimal("1.5"), discount_minor=2_500, tax_minor=4_000, name="Bánh")


@pytest.fixture
def customer():
    return CustomerFactory()


def test_every_line_is_kept_as_told_and_as_paid(customer):
    shop_that_says(TEA_SALE)

    recorded = sell(customer, TEA, CAKE, channel="web", shipping_minor=15_000)

    purchase = Purchase.objects.get()
    assert (purchase.amount_minor, purchase.discount_minor) == (122_000, 18_000)
    assert (purchase.shipping_minor, purchase.free_shipping, purchase.channel) == (
        *(15_000, False),
        "web",
    )
    assert purchase.discounts == [
        {"line": 1, "key": "tra", "name": "Ngày trà", "name_en": "", "minor": 18_000}
    ]
    tea, cake = purchase.lines.all()
    assert (tea.number, tea.sku, tea.name, tea.category) == (1, "T1", "Trà sen", "tra")
    assert (tea.premium, tea.quantity, tea.unit_price_minor) == (True, Decimal(2), 45_000)
    assert (tea.till_discount_minor, tea.discount_minor, tea.net_minor) == (0, 18_000, 72_000)
    assert (cake.till_discount_minor, cake.discount_minor, cake.net_minor) == (2_500, 0, 50_000)
    assert (cake.quantity, cake.tax_minor) == (Decimal("1.5"), 4_000)
    assert (tea.points, cake.points, recorded.purchase.points) == (7, 5, 12)
    assert Activity.objects.get().spend_minor == 122_000
    assert verify().problems == ()


def test_a_sale_of_its_sum_alone_gets_the_discount_too_and_no_lines(customer):
    shop_that_says(TET)

    recorded = sell(customer, total_minor=100_000, codes=frozenset({" tet26 "}))

    assert (recorded.purchase.amount_minor, recorded.purchase.points) == (90_000, 9)
    assert recorded.purchase.discounts == [
        {"line": 0, "key": "tet", "name": "Tết vui", "name_en": "Happy Tết", "minor": 10_000}
    ]
    assert not PurchaseLine.objects.exists()


def test_a_discount_of_everybody_is_an_anonymous_buyers_too():
    shop_that_says(TEA_SALE)

    recorded = sell(None, TEA)

    assert (recorded.purchase.amount_minor, recorded.purchase.points) == (72_000, 0)
    assert PurchaseLine.objects.get().points == 0


def test_a_tiers_free_shipping_is_the_servers_to_give(customer):
    free = '[[tiers]]\nkey = "moi"\nname = "Mới"\nentry_minor = 0\nfree_shipping = true\n'
    shop_that_says(tiers=free)

    ours = sell(customer, CAKE, shipping_minor=15_000).purchase
    others = sell(None, CAKE, shipping_minor=15_000, reference="R-2").purchase

    assert (ours.shipping_minor, ours.free_shipping) == (0, True)
    assert (others.shipping_minor, others.free_shipping) == (15_000, False)


def test_promo_goods_that_earn_nothing_count_for_the_tier(customer):
    shop_that_says('[[marks]]\nname = "Khuyến mãi"\nlabels = ["promo"]\nearns = false\n')

    recorded = sell(customer, line(600_000, labels="promo"), line(400_000))

    assert (recorded.purchase.points, recorded.tier_after) == (40, "bac")
    assert [row.earns for row in PurchaseLine.objects.all()] == [False, True]
    assert Standing.objects.get().spend_minor == 1_000_000


def test_goods_that_do_not_count_for_the_tier_are_left_out_of_it(customer):
    shop_that_says()

    recorded = sell(customer, line(600_000), line(900_000, counts_for_tier=False))

    assert (recorded.purchase.points, recorded.tier_after) == (150, "moi")
    assert recorded.purchase.uncounted_minor == 900_000
    assert Standing.objects.get().spend_minor == 600_000


def test_the_points_of_lines_sum_to_those_of_the_sale(customer):
    shop_that_says()

    sell(customer, *[line(33_333)] * 3)

    assert [row.points for row in PurchaseLine.objects.all()] == [3, 3, 3]
    assert Purchase.objects.get().points == 9


def test_a_cap_holds_from_sale_to_sale_and_begins_anew_with_its_period(customer):
    shop_that_says(earn=CAPPED)

    points = [
        sell(customer, line(100_000), reference=f"R-{days}", at=NOON + timedelta(days=days))
        for days in (0, 3, 4, 9)  # 22, 25 and 26 November, 1 December.
    ]

    assert [recorded.purchase.points for recorded in points] == [10, 5, 0, 10]
    assert list(CapUse.objects.values_list("points", "occurred_on")) == [
        (10, date(2026, 11, 22)),
        (5, date(2026, 11, 25)),
        (10, date(2026, 12, 1)),
    ]


def test_a_sale_that_is_undone_leaves_room_under_the_cap(customer):
    shop_that_says(earn=CAPPED)
    first = sell(customer, line(100_000)).purchase

    give_back(first, amount_minor=99_999)
    assert quote_of(customer, 100_000).points == 5
    give_back(first, "back-2", amount_minor=1)

    assert quote_of(customer, 100_000).points == 10


def test_a_birthday_discount_is_had_once_and_again_when_the_sale_is_undone(customer):
    shop_that_says(BIRTHDAY)
    customer.birth_day, customer.birth_month = 24, 11
    customer.save()

    first = sell(customer, line(100_000)).purchase
    second = sell(customer, line(100_000), reference="R-2").purchase
    give_back(first, amount_minor=80_000)
    third = sell(customer, line(100_000), reference="R-3").purchase

    assert [sale.discount_minor for sale in (first, second, third)] == [20_000, 0, 20_000]
    assert list(DiscountUse.objects.order_by("pk").values_list("used", "freed")) == [
        *(("sn:2026", True), ("sn:2026", False))
    ]


def test_points_for_a_birthday_are_a_lunar_ones_too(customer):
    shop_that_says('[[earn]]\nname = "SN"\nmultiplier = 2\nbirthday = "day"\n')
    customer.birth_day, customer.birth_month, customer.birth_lunar = 14, 10, True
    customer.save()

    assert sell(customer, line(100_000)).purchase.points == 20  # 22 November 2026.


def quote_of(customer, price_minor):
    return quote(customer=customer, branch=None, bill=Bill((line(price_minor),)), at=NOON)


def test_points_that_wait_say_from_when_they_can_be_used(customer):
    shop_that_says("[points]\npending_days = 14\n")

    first = sell(customer, CAKE)
    again = sell(customer, CAKE)

    for answer in (first, again):
        assert (answer.pending, answer.usable_from) == (5, date(2026, 12, 6))
    assert Entry.objects.get().lot.usable_from == date(2026, 12, 6)


def test_a_retry_hears_all_of_the_first_answer(customer):
    """odoo/odoo/pull/222372, OCA/pos/pull/185: the network repeats a sale, and it counts twice."""
    shop_that_says(TEA_SALE)
    first = sell(customer, TEA, CAKE)

    again = sell(customer, TEA, CAKE, at=NOON + timedelta(hours=9))

    assert (again.replayed, again.purchase) == (True, first.purchase)
    assert replace(again, replayed=False, purchase=first.purchase) == first
    assert again.purchase.discounts == first.purchase.discounts
    assert [row.net_minor for row in again.purchase.lines.all()] == [72_000, 50_000]
    assert (Purchase.objects.count(), PurchaseLine.objects.count()) == (1, 2)


def test_another_line_under_the_same_number_is_refused_and_changes_nothing(customer):
    shop_that_says()
    sell(customer, TEA)

    with pytest.raises(Conflict):
        sell(customer, replace(TEA, quantity=Decimal(3)))

    assert PurchaseLine.objects.get().quantity == 2


def test_a_longer_bill_costs_no_more_queries(customer):
    shop_that_says(TEA_SALE)
    sell(customer, TEA, reference="warm")

    counts = []
    for lines in (1, 3):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            sell(customer, *[TEA] * lines, reference=f"R-{lines}")
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_quote_says_the_price_and_writes_nothing(customer):
    shop_that_says(TET)
    bill = Bill((TEA,), codes=frozenset({"TET26"}))

    told = quote(customer=customer, branch=None, bill=bill, at=NOON)

    assert (told.effect.amount_minor, told.effect.priced.discount_minor, told.points) == (
        *(81_000, 9_000),
        8,
    )
    assert not Purchase.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE purchases_purchaseline SET net_minor = 1",
        "UPDATE purchases_purchaseline SET refunded_minor = 1",
        "DELETE FROM purchases_purchaseline",
        "INSERT INTO purchases_purchaseline (purchase_id, number, sku, name, category, labels,"
        " quantity, unit_price_minor, till_discount_minor, discount_minor, tax_minor, net_minor,"
        " premium, earns, counts_for_tier, points) SELECT id, 9, '', '', '', '{}', 1, 1, 0, 0, 0,"
        " 1, false, true, true, 0 FROM purchases_purchase",
        "UPDATE purchases_purchase SET amount_minor = amount_minor + 1",
        "UPDATE purchases_purchase SET points = 0, entry_id = NULL",
        "UPDATE purchases_purchase SET discounts = '[1]'",
        "DELETE FROM purchases_purchase",
        "UPDATE purchases_capuse SET points = 0",
        "UPDATE purchases_capuse SET freed = true",
        "DELETE FROM purchases_capuse",
    ],
)
def test_the_database_keeps_lines_and_uses_as_they_are(customer, statement):
    shop_that_says(earn=CAPPED)
    sell(customer, TEA)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    purchase, row = Purchase.objects.get(), PurchaseLine.objects.get()
    assert (purchase.amount_minor, purchase.points) == (90_000, 9)
    assert (row.net_minor, row.refunded_minor, CapUse.objects.get().points) == (90_000, 0, 9)
