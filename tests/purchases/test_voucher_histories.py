"""Whatever is bought with vouchers and brought back in pieces, every sum adds up to the đồng."""

import random
from decimal import Decimal

import pytest
from django.db.models import Sum

from loyalty.errors import DomainError
from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify as verify_ledger
from loyalty.programme.tickets import TicketRefused
from loyalty.purchases.models import Purchase, PurchaseLine, Refund
from loyalty.purchases.proof import verify
from loyalty.purchases.refunds import void_purchase
from rewards.models import SharedVoucher, Voucher, VoucherUse
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.programmes import line
from tests.factories.sales import give_back, sell, shop_that_says
from tests.factories.vouchers import reward_of, shared_voucher, voucher_of
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
ACTS = 40
RULES = (
    '[[discounts]]\nkey = "sale"\nname = "S"\npercent = 7.5\nnot_categories = ["tra"]\n',
    '[[discounts]]\nkey = "3-1"\nname = "3-1"\nbuy = 2\nget = 1\ncategories = ["tra"]\n'
    "stackable = true\n",
    '[[coupons]]\nkey = "sau"\nname = "S"\nreward = "sau"\ncategories = ["banh"]\n'
    "valid_days = 30\nrepeat = true\n",
    '[refunds]\nclawback = "negative"\n[pay]\nmoney_minor = 500\n',
)


class History:
    """One customer and a dice."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.customer = CustomerFactory()
        tea = {"scope": {"categories": ["tra"]}}
        self.rewards = [
            reward_of("free_item", **tea),
            reward_of("discount_percent", percent=33, most_minor=25_000, **tea),
            reward_of("discount_percent", percent=12),
            reward_of(value_minor=17_777),
            reward_of("gift"),
        ]
        reward_of(key="sau", value_minor=9_999)
        shared_voucher("CHUNG", self.rewards[3], most_per_customer=5)

    def act(self, number: int) -> None:
        self.dice.choice([self.buy, self.buy, self.bring_back, self.cancel])(number)

    def buy(self, number: int) -> None:
        for _time in range(self.dice.randrange(3)):
            voucher_of(self.customer, self.dice.choice(self.rewards))
        mine = list(Voucher.objects.filter(customer=self.customer, state="issued"))
        chosen = self.dice.sample(mine, min(len(mine), self.dice.randrange(4)))
        codes = [one.code for one in chosen] + self.dice.choice([[], [], ["chung"]])
        lines = [self.line() for _line in range(self.dice.randrange(1, 4))]
        points = self.dice.choice([0, 0, 1])
        before = (Purchase.objects.count(), VoucherUse.objects.count())
        try:
            bill = {"vouchers": tuple(codes), "spend_points": points}
            sell(self.customer, *lines, reference=f"s-{number}", **bill)
        except TicketRefused:
            assert before == (Purchase.objects.count(), VoucherUse.objects.count())
        except DomainError:
            assert points  # Nothing is left that they could pay.

    def line(self):
        kind = self.dice.choice(["tra", "banh", ""])
        count = self.dice.choice(["1", "2", "3", "5", "0.35"])
        return line(self.dice.choice([0, 9_500, 30_000, 33_333]), quantity=count, category=kind)

    def bring_back(self, number: int) -> None:
        lines = [one for one in PurchaseLine.objects.all() if left(one)]
        lines = [one for one in lines if not one.purchase.refunds.filter(kind="void")]
        if not lines:
            return
        chosen = self.dice.choice(lines)
        goods = ((chosen.number, min(left(chosen), Decimal(self.dice.choice(["0.5", "1", "4"])))),)
        part = chosen.purchase.amount_minor - chosen.purchase.refunded_minor
        what = {"amount_minor": part // 3} if self.dice.random() < 0.3 and part > 2 else {}
        give_back(chosen.purchase, f"b-{number}", **(what or {"lines": goods}))

    def cancel(self, number: int) -> None:
        sale = self.dice.choice([*Purchase.objects.filter(stands=True), None])
        if sale is None or sale.refunds.filter(kind="void"):
            return
        what = {"source": "till", "reference": f"v-{number}", "reason": "", "by": None}
        try:
            void_purchase(purchase=sale, at=NOON, recorded_at=NOON, **what)
        except DomainError:
            assert all(not left(one) for one in sale.lines.all())


def left(kept: PurchaseLine) -> Decimal:
    return kept.quantity - kept.refunded_quantity


@pytest.mark.parametrize("seed", range(rounds(usual=3, soak=200)))
def test_everything_adds_up(seed):
    shop_that_says(*RULES)
    history = History(seed)
    for number in range(ACTS):
        history.act(number)

    assert verify().problems == verify_ledger().problems == ()
    over = [one for one in Purchase.objects.all() if is_over(one)]
    due = [use.pk for sale in over for use in uses_of(sale) if comes_back(use, sale)]
    back = Voucher.objects.filter(replaces__isnull=False).values_list("replaces", flat=True)
    assert sorted(back) == sorted(due)
    for sale in over:
        money = Refund.objects.filter(purchase=sale).aggregate(sum=Sum("amount_minor"))
        assert money["sum"] == sale.amount_minor
    used = Voucher.objects.filter(state="used").count()
    shared = SharedVoucher.objects.get()
    assert VoucherUse.objects.count() == used + shared.uses
    if len(over) == Purchase.objects.count():
        assert Account.objects.get(customer=history.customer).balance == 0


def is_over(sale: Purchase) -> bool:
    """Whether it was cancelled, or all that was paid for it came back, and all of what was free."""
    free = sale.lines.filter(net_minor=0)
    gone = sale.refunded_minor == sale.amount_minor and all(not left(one) for one in free)
    return gone or is_cancelled(sale)


def is_cancelled(sale: Purchase) -> bool:
    return sale.refunds.filter(kind="void").exists()


def uses_of(sale: Purchase) -> list[VoucherUse]:
    return list(VoucherUse.objects.filter(source=sale.source, reference=sale.reference))


def comes_back(use: VoucherUse, sale: Purchase) -> bool:
    """Not what was handed over, unless it was cancelled; no coupon whose next one was used."""
    brought = Voucher.objects.filter(source=sale.source, reference=sale.reference, replaces=None)
    used = set(brought.exclude(coupon="").filter(state="used").values_list("coupon", flat=True))
    followed = use.voucher is not None and use.voucher.coupon in used
    # Cancelling a sale of which nothing is left gives nothing more.
    ended = sale.refunds.filter(kind="void", lines__isnull=False).exists()
    return (use.minor > 0 or ended) and not followed
