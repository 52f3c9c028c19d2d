"""What users of other systems complained of when goods came back; each thread is named."""

from decimal import Decimal

import pytest

from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.purchases.models import Activity
from loyalty.tiers.models import Standing
from tests.complaints.counter import Visit
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.programmes import line
from tests.factories.rewards import RewardFactory
from tests.factories.sales import give_back, sell, shop_that_says
from tests.factories.shop import shop_with_programme

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(db):
    shop_with_programme()
    return Visit()


def test_complaint_buy_spend_refund_and_keep_the_points_again_and_again(visit):
    """odoo/odoo#257854: buy, refund, keep the points: unlimited."""
    reward, redeemed = RewardFactory(cost_points=10), 0
    for turn in range(5):
        visit.buy(100_000, f"R-{turn}")
        redeemed += visit.till.redeem(f"reward-{turn}", reward, now=NOON) == "redeemed"
        visit.give_back(None, f"R-{turn}", f"back-{turn}")

    assert (redeemed, visit.balance) == (1, -10)
    assert verify().problems == ()


def test_complaint_a_refund_adds_points_once_more(visit):
    """odoo/odoo#212922: a refunded order gives the points of a sale."""
    visit.buy(100_000, "R-1")

    assert visit.give_back(40_000, "R-1", "back") == 4
    assert visit.entries == [("earn", 10), ("reverse", -4)]


def test_complaint_a_refund_takes_no_points_at_all(visit):
    """odoo/odoo#221928, odoo/odoo#238806: after the fix nothing was deducted any more."""
    visit.buy(100_000, "R-1")

    assert visit.give_back(None, "R-1", "back") == 10
    assert visit.balance == 0


def test_complaint_a_part_comes_back_and_the_line_of_the_reward_is_forgotten():
    """odoo/odoo#177312: a partial refund of a bill that a reward made cheaper."""
    shop_that_says('[[discounts]]\nkey = "d"\nname = "Giảm"\npercent = 50\ncategories = ["tra"]')
    customer = CustomerFactory()
    lines = (line(100_000, quantity="2", category="tra"), line(100_000, category="banh"))
    sale = sell(customer, *lines).purchase
    assert (sale.amount_minor, sale.points) == (200_000, 20)

    first = give_back(sale, lines=((1, Decimal(1)),))
    second = give_back(sale, "back-2", lines=((1, Decimal(1)), (2, Decimal(1))))

    assert [(one.amount_minor, one.points_taken) for one in (first, second)] == [
        (50_000, 5),  # What was paid for it, and not its full price.
        (150_000, 15),
    ]


def test_complaint_everything_is_returned_and_all_points_are_still_there(visit):
    """frappe/erpnext#32951, #30242: all invoices returned, all the loyalty points kept."""
    for number in range(3):
        visit.buy(1_000_000, f"R-{number}")
    for number in range(3):
        visit.give_back(1_000_000, f"R-{number}", f"back-{number}")

    assert visit.balance == 0
    assert Standing.objects.get().spend_minor == 0
    assert not Activity.objects.exists()


def test_complaint_cancelled_refunded_cancelled_again_and_charged_each_time(visit):
    """wpswings/points-and-rewards-for-woocommerce#111, #112: the status flips, points go twice."""
    visit.buy(100_000, "R-1")

    said = [
        visit.give_back(None, "R-1", "cancelled"),
        visit.give_back(None, "R-1", "refunded"),
        visit.give_back(100_000, "R-1", "refunded in the back office"),
        visit.give_back(None, "R-1", "cancelled"),
    ]

    assert said == [10, "too much", "too much", 10]  # The last one is the first, sent again.
    assert visit.entries == [("earn", 10), ("reverse", -10)]


def test_complaint_the_wrong_number_of_points_comes_back_for_an_order_paid_with_points():
    """vinsol-spree-contrib/spree-loyalty-points#8, mollie/magento2#928 (reverted twice)."""
    shop_that_says("[pay]\nmoney_minor = 1_000\n")
    customer = CustomerFactory()
    sell(customer, line(1_000_000), reference="before")  # 100 points.
    sale = sell(customer, line(90_000), spend_points=30).purchase
    assert (sale.spent_points, sale.points) == (30, 6)

    returned = [
        give_back(sale, f"back-{n}", amount_minor=amount).returned_points
        for n, amount in enumerate((30_000, 30_000, 30_000))
    ]

    assert returned == [10, 10, 10]
    kinds = Entry.objects.filter(account_id=customer.pk).values_list("kind", flat=True)
    assert [*kinds].count("earn") == 2  # What comes back is no new earning.
    assert Entry.objects.order_by("-number")[0].balance_after == 100
