"""What people complained about elsewhere, on whole sales and refunds; each names its thread."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from loyalty.errors import Conflict
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.programme.basket import Line
from loyalty.programme.paying import PointsRefused
from loyalty.purchases.models import Purchase, PurchaseLine, Refund
from loyalty.purchases.recording import Recorded
from loyalty.purchases.refunds import UnknownPurchase, purchase_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.programmes import line
from tests.factories.sales import give_back, sell, shop_that_says
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
PAY = "[pay]\nmoney_minor = 1_000\n"
ONE = Decimal(1)


@pytest.fixture
def customer():
    return CustomerFactory()


def balance(customer):
    return Account.objects.get(customer=customer).balance


def test_a_refunded_sale_pays_no_points_again(customer):
    """odoo/odoo/pull/212922, /238806: the refund of an order gave its points a second time."""
    shop_that_says()
    sale = sell(customer, line(100_000)).purchase

    give_back(sale, lines=((1, ONE),))

    assert balance(customer) == 0
    assert [entry.points for entry in Entry.objects.order_by("pk")] == [10, -10]


def test_points_are_taken_off_when_all_goods_come_back(customer):
    """odoo/odoo/pull/221928: after the fix, refunds took nothing at all."""
    shop_that_says()
    sale = sell(customer, line(60_000), line(40_000)).purchase

    made = give_back(sale, amount_minor=100_000)

    assert (made.points_taken, balance(customer)) == (10, 0)


def test_a_partial_refund_takes_a_part_and_the_rest_takes_the_rest(customer):
    """frappe/erpnext/pull/30242: a partial return took back all of the points, or none."""
    shop_that_says()
    sale = sell(customer, line(100_000)).purchase

    taken = [give_back(sale, f"b-{n}", amount_minor=25_000).points_taken for n in range(4)]

    assert taken == [3, 2, 3, 2]  # 7.5, 5, 2.5 and 0 are kept: each rounded down.


def test_a_status_that_flips_to_and_fro_moves_points_once(customer):
    """wpswings/points-and-rewards-for-woocommerce/issues/104, /111, /112; vinsol-spree-contrib #8."""
    shop_that_says()

    for _flip in range(3):
        sale = sell(customer, line(100_000)).purchase
        give_back(sale, lines=((1, ONE),))

    assert (Purchase.objects.count(), Refund.objects.count()) == (1, 1)
    assert balance(customer) == 0


def test_points_are_for_what_is_paid_after_the_discount(customer):
    """odoo/odoo/issues/114004, nopCommerce #3643: points on the discounted part, by surprise."""
    shop_that_says('[[discounts]]\nkey = "g"\nname = "Giảm"\npercent = 25\n')

    recorded = sell(customer, line(100_000))

    assert (recorded.purchase.amount_minor, recorded.purchase.points) == (75_000, 7)
    assert recorded.explanation["amount_minor"] == 75_000


def test_points_are_for_the_full_price_where_the_shop_says_so(customer):
    """odoo/odoo/issues/114004: "a visible setting"."""
    gross = '[basis]\ndiscounts = "gross"\n'
    shop_that_says(gross, '[[discounts]]\nkey = "g"\nname = "Giảm"\npercent = 25\n')

    assert sell(customer, line(100_000)).purchase.points == 10


def test_what_is_given_for_nothing_is_not_counted_as_a_unit(customer):
    """odoo/odoo/pull/150833: the line of a reward earned points as an article."""
    shop_that_says(earn='[[earn]]\nname = "Ly"\npoints = 2\nper = "unit"\n')

    recorded = sell(customer, line(45_000, quantity="2"), line(45_000, discount_minor=45_000))

    assert recorded.purchase.points == 4
    assert [row.points for row in PurchaseLine.objects.all()] == [4, 0]


def test_a_gift_card_earns_when_it_is_used_and_not_when_it_is_bought(customer):
    """RepairDesk #1050: points on buying the card, and on paying with it."""
    shop_that_says()

    card = sell(customer, line(500_000, earns=False, counts_for_tier=False, sku="GIFT"))
    goods = sell(customer, line(500_000), reference="R-2")

    assert (card.purchase.points, goods.purchase.points) == (0, 50)


def test_only_as_many_points_are_used_as_the_customer_said(customer):
    """odoo/odoo/issues/264931: the till drains the whole balance."""
    shop_that_says(PAY)
    give_points(customer, 500)

    sell(customer, line(100_000), spend_points=7)

    assert balance(customer) == 500 - 7 + 9


def test_a_refund_that_comes_before_its_sale_waits_outside_and_ends_the_same(customer):
    """Streams that arrive out of order: the refund is refused clearly, and sent again later."""
    shop_that_says()
    with pytest.raises(UnknownPurchase):
        purchase_of(source="till", reference="R-1")
    assert not Entry.objects.exists()
    sell(customer, line(60_000), line(40_000), at=NOON + timedelta(hours=1))

    made = give_back(purchase_of(source="till", reference="R-1"), lines=((2, ONE),), at=NOON)

    assert (made.points_taken, balance(customer)) == (4, 6)


@pytest.mark.django_db(transaction=True)
def test_a_sale_of_lines_sent_sixteen_times_at_once_is_one(transactional_db):
    """OCA/pos/pull/185, odoo/odoo/pull/222372: every retry adds, and spends, again."""
    shop_that_says(PAY)
    for trial in range(rounds(usual=20, soak=300)):
        customer = CustomerFactory()
        give_points(customer, 50)
        bill = (customer, line(60_000), Line(20_000, Decimal(2)))

        outcomes = together(*[partial(sell, *bill, reference=f"R-{trial}", spend_points=40)] * 16)

        answers = [one for one in outcomes if isinstance(one, Recorded)]
        assert len(answers) == 16, outcomes
        assert len({(one.purchase.pk, one.balance, one.purchase.points) for one in answers}) == 1
        assert sum(not one.replayed for one in answers) == 1
        assert balance(customer) == 50 - 40 + 6
    assert PurchaseLine.objects.count() == 2 * Purchase.objects.count()
    assert verify().problems == ()


@pytest.mark.django_db(transaction=True)
def test_one_number_for_two_bills_keeps_one_whole(transactional_db):
    """opencart/opencart/issues/2349: the second attempt, with another bill, is booked as well."""
    shop_that_says(PAY)
    for trial in range(rounds(usual=20, soak=100)):
        customer = CustomerFactory()
        give_points(customer, 50)
        sale = partial(sell, customer, reference=f"R-{trial}")

        outcomes = together(
            partial(sale, line(60_000), line(40_000), spend_points=50),
            partial(sale, line(60_000), line(50_000), spend_points=50),
        )

        names = sorted(type(outcome).__name__ for outcome in outcomes)
        assert names == [Conflict.__name__, Recorded.__name__]
        kept = Purchase.objects.get(reference=f"R-{trial}")
        assert kept.lines.count() == 2
        assert sum(row.net_minor for row in kept.lines.all()) == kept.amount_minor
    assert verify().problems == ()


@pytest.mark.django_db(transaction=True)
def test_points_for_one_bill_pay_one_bill(transactional_db):
    """saleor/saleor/issues/544, e-valuation/EvaP/issues/1785: two tills use the same points."""
    shop_that_says(PAY)
    for trial in range(rounds(usual=20, soak=300)):
        customer = CustomerFactory()
        give_points(customer, 50)

        outcomes = together(
            *(
                partial(sell, customer, line(50_000), reference=f"{trial}/{till}", spend_points=50)
                for till in range(8)
            )
        )

        paid = [one for one in outcomes if isinstance(one, Recorded)]
        assert (len(paid), sum(isinstance(one, PointsRefused) for one in outcomes)) == (1, 7)
        assert balance(customer) == 0
    assert verify().problems == ()
