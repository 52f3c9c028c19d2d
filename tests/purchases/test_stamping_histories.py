"""Whatever customers buy, use and bring back, no stamp is lost and none comes twice."""

import random
from decimal import Decimal

import pytest

from loyalty.programme.basket import Line
from loyalty.purchases.models import PurchaseLine
from loyalty.purchases.refunds import refund_purchase
from rewards.models import StampEntry, Voucher
from rewards.vouchers import use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import StaffFactory
from tests.factories.stamps import coffees, drink, shop_with_cards
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
NEEDED = 10
ACTS = 40


class History:
    """One customer and a dice; every act leaves what `check` asks for."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.customer = CustomerFactory()
        self.staff = StaffFactory()

    def act(self, number: int) -> None:
        self.dice.choice([self.buy, self.buy, self.bring_back, self.use])(number)
        self.check()

    def buy(self, number: int) -> None:
        count = self.dice.choice(["1", "2", "3.5", "7", "23"])
        drink(self.customer, coffees(count), Line(40_000, category="Trà"), reference=f"s-{number}")

    def bring_back(self, number: int) -> None:
        lines = [one for one in PurchaseLine.objects.filter(category="Cà phê") if left(one)]
        if not lines:
            return
        line = self.dice.choice(lines)
        goods = ((line.number, min(left(line), Decimal(self.dice.choice(["0.5", "1", "4"])))),)
        refund_purchase(
            purchase=line.purchase,
            lines=goods,
            source="counter",
            reference=f"b-{number}",
            reason="",
            at=NOON,
            recorded_at=NOON,
            by=None,
        )

    def use(self, number: int) -> None:
        voucher = self.vouchers("issued").first()
        if voucher is not None:
            use_voucher(
                voucher=voucher,
                reference=f"u-{number}",
                branch=self.staff.branch,
                at=NOON,
                by=self.staff,
            )

    def vouchers(self, *states: str):
        return Voucher.objects.filter(customer=self.customer, state__in=states)

    def check(self) -> None:
        newest = StampEntry.objects.filter(customer=self.customer).order_by("number").last()
        on_card = newest.stamps_after if newest else 0
        bought = sum(
            int(line.quantity * (line.net_minor - line.refunded_minor) / line.net_minor)
            for line in PurchaseLine.objects.filter(category="Cà phê")
        )
        given = self.vouchers("issued", "used").count()
        assert on_card + NEEDED * given == bought
        assert on_card < NEEDED
        assert on_card >= 0 or not self.vouchers("issued").exists()


def left(line: PurchaseLine) -> Decimal:
    return line.quantity - line.refunded_quantity


@pytest.mark.parametrize("seed", range(rounds(usual=4, soak=100)))
def test_stamps_and_vouchers_come_to_what_was_bought_and_kept(seed):
    shop_with_cards()
    history = History(seed)

    for number in range(ACTS):
        history.act(number)
