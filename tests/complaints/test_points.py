"""What users of other systems complained of about earning and spending; each thread is named."""

import random
from functools import partial

import pytest

from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.ledger.queries import points_of
from loyalty.ledger.services import InsufficientPoints
from loyalty.programme.basket import Buyer
from loyalty.programme.paying import offer, pay
from loyalty.programme.versions import publish
from loyalty.purchases.models import Purchase
from rewards.models import Redemption
from rewards.redemption import redeem_reward
from rewards.vouchers import use_voucher
from tests.complaints.counter import TODAY, Visit
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.programmes import basket, line, programme
from tests.factories.rewards import RewardFactory
from tests.factories.sales import sell, shop_that_says
from tests.factories.shop import STARTERS, BranchFactory, StaffFactory, shop_with_programme
from tests.faults.deeds import buy, spend
from tests.faults.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(db):
    shop_with_programme()
    return Visit()


def test_complaint_the_network_hiccups_and_the_points_are_doubled(visit):
    """odoo/odoo#222372: the till sends the order again."""
    assert [visit.buy(100_000, "R-1") for _try in range(3)] == [10, "replayed", "replayed"]
    assert visit.entries == [("earn", 10)]


@pytest.mark.parametrize("seed", range(3))
def test_complaint_an_offline_till_comes_back_and_doubles_or_loses_points(visit, seed):
    """OCA/pos#185 (doubled at synchronisation), odoo/odoo#270532 (lost)."""
    chance = random.Random(seed)
    queue = [(f"R-{number}", 10_000 * (number + 1)) for number in range(6)]
    sent = 0
    while sent < len(queue):  # Cut somewhere, begun again from the first that was not answered.
        upto = min(len(queue), sent + chance.randrange(1, 4))
        for name, amount in queue[sent:upto]:
            visit.buy(amount, name)
        sent = max(sent + 1, upto - chance.randrange(2))

    assert visit.balance == 21
    assert Purchase.objects.count() == 6


def test_complaint_every_change_of_status_adds_the_points_again(visit):
    """opencart/opencart#2349, wpswings/points-and-rewards-for-woocommerce#104."""
    for hour in range(4):  # Paid, packed, sent, delivered: the same order each time.
        visit.till.sell("R-1", 100_000, at=NOON, now=NOON.replace(hour=5 + hour))

    assert visit.entries == [("earn", 10)]


def test_complaint_the_same_points_can_be_redeemed_for_ever():
    """frappe/erpnext#59050: what is spent elsewhere, or under another document, is not deducted."""
    shop_that_says("[pay]\nmoney_minor = 1_000\n")
    customer, reward = customer_with_points(10), RewardFactory(cost_points=10)
    redeem = partial(redeem_reward, customer=customer, reward=reward, at=NOON, by=None)

    sell(customer, line(10_000), branch=BranchFactory(), spend_points=10)

    for source in ("till", "web", "api"):
        with pytest.raises(InsufficientPoints) as refused:
            redeem(source=source, reference="r")
        assert refused.value.available == 0
    assert verify().points == 0


@pytest.mark.django_db(transaction=True)
def test_complaint_a_coupon_and_the_last_points_are_used_twice_at_once():
    """
    saleor/saleor#544, django-oscar/django-oscar#2101, diefenbach/django-lfs#202,
    e-valuation/EvaP#1785 (seen in production), medusajs/medusa#16347, Nova-reward#190.
    """
    shop_with_programme()
    reward, cashier = RewardFactory(cost_points=10), StaffFactory()
    for trial in range(10):
        customer = customer_with_points(10)
        redeem = partial(redeem_reward, customer=customer, reward=reward, source="till", at=NOON)

        outcomes = together(*(partial(redeem, reference=f"{trial}/{n}", by=None) for n in range(2)))

        assert sorted(type(one).__name__ for one in outcomes) == [
            "InsufficientPoints",
            "Redemption",
        ]
        voucher = next(one for one in outcomes if isinstance(one, Redemption)).voucher
        use = partial(use_voucher, voucher=voucher, branch=None, at=NOON, by=cashier)
        used = together(*(partial(use, reference=f"{n}") for n in range(2)))
        assert sorted(type(one).__name__ for one in used) == ["Voucher", "VoucherRefused"]
    assert verify().problems == ()


@pytest.mark.django_db(transaction=True)
def test_complaint_two_events_with_one_number_tell_two_balances():
    """developer.squareup.com/forums 23847: two webhooks, one event id, different balances."""
    shop_with_programme()
    customer = customer_with_points(100)

    together(*(partial(buy, customer, f"R-{n}") for n in range(4)))
    together(*(partial(spend, customer, 7, f"S-{n}") for n in range(4)))

    running = 0
    for place, entry in enumerate(Entry.objects.order_by("number"), 1):
        running += entry.points
        assert (entry.number, entry.balance_after) == (place, running)


@pytest.mark.parametrize(("basis", "points"), [("net", 5), ("gross", 10)])
def test_complaint_points_on_the_part_that_a_discount_took_off(basis, points):
    """odoo/odoo#114004, nopSolutions/nopCommerce#3643: what earns can be neither seen nor chosen."""
    half = '[[discounts]]\nkey = "d"\nname = "Giảm"\npercent = 50\n'
    shop_that_says(f'[basis]\ndiscounts = "{basis}"\n', half)

    assert sell(CustomerFactory(), line(100_000)).purchase.points == points


def test_complaint_the_line_of_a_reward_is_counted_as_one_more_piece():
    """odoo/odoo#150833: points for each unit count the free one too."""
    each = '[[earn]]\nkey = "mon"\nname = "Mỗi món"\npoints = 1\nper = "unit"\n'
    shop_that_says(earn=each)
    customer = CustomerFactory()

    sold = sell(customer, line(50_000, quantity="2"), line(50_000, discount_minor=50_000))

    assert sold.purchase.points == 2


def test_complaint_the_till_drains_the_whole_balance():
    """odoo/odoo#264931, #136982, #170129: the customer cannot say how many points to use."""
    shop_that_says("[pay]\nmoney_minor = 1_000\n")
    customer = customer_with_points(50)

    assert sell(customer, line(80_000), spend_points=12).purchase.spent_points == 12
    assert points_of(customer.pk, on=TODAY).usable == 50 - 12 + 6  # 68.000đ in money earn 6.


def test_complaint_how_many_points_to_use_is_offered():
    """odoo/odoo#264931: quick amounts beside the number."""
    rules = programme("[pay]\nmoney_minor = 1_000\nstep = 5\n")
    bill = basket(line(80_000))
    offered = offer(rules, basket=bill, buyer=Buyer("moi"), balance=52)

    assert [one.points for one in offered.suggestions] == [5, 25, 50]
    assert pay(rules, points=15, basket=bill, buyer=Buyer("moi"), balance=52).worth_minor == 15_000


def test_complaint_nobody_knows_why_the_points_changed(visit):
    """DivanteLtd/open-loyalty#79: no reason, not even for the admin."""
    visit.buy(1_000_000, "R-1")
    visit.till.redeem("reward", RewardFactory(cost_points=10), now=NOON)
    visit.till.cancel("reward", now=NOON)
    visit.till.adjust("adjust", 5, now=NOON)
    visit.give_back(100_000, "R-1", "back")

    entries = Entry.objects.order_by("number")
    assert [entry.kind for entry in entries] == ["earn", "redeem", "reverse", "adjust", "reverse"]
    assert all(entry.reference for entry in entries)
    assert all(entry.explanation or entry.reason or entry.reverses_id for entry in entries)
    assert entries[0].explanation["points"] == 100


def test_complaint_a_gift_card_earns_when_bought_and_when_used():
    """RepairDesk#1050."""
    shop_with_programme((STARTERS / "grocery.toml").read_text(encoding="utf-8"))
    customer = CustomerFactory()

    card = sell(customer, line(500_000, labels=["thẻ quà tặng"]), reference="card").purchase
    goods = sell(customer, line(500_000), reference="goods").purchase

    assert card.points == 0
    assert goods.points > 0


def test_complaint_the_rules_cannot_be_changed_any_more(visit):
    """support.haraloyalty.com 42000059187, loopyloyalty.com/faqs, help.smile.io 4036284."""
    visit.buy(100_000, "before")
    document = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
    publish(
        document=document.replace("per_minor = 10_000", "per_minor = 5_000"),
        effective_from=NOON.replace(hour=6),
        at=NOON,
        by=None,
    )

    visit.buy(100_000, "after", at=NOON.replace(hour=7))

    assert visit.entries == [("earn", 10), ("earn", 20)]  # What was earned stays as it was.


def test_complaint_a_programme_that_is_over_still_opens_cards():
    """odoo/odoo#208134: an expired programme, and a card of 0 points at every sale."""
    over = '[[earn]]\nkey = "x"\nname = "Cũ"\npoints = 1\nper_minor = 10_000\nto = 2026-10-31\n'
    shop_that_says(earn=over)

    assert sell(CustomerFactory(), line(100_000)).purchase.points == 0
    assert not Entry.objects.exists()
