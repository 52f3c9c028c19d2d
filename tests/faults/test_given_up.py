"""The database gives up a transaction at each of its statements: the act happens once all the same."""

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from loyalty.ledger.adjustments import adjust
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.purchases.models import Activity, Purchase
from loyalty.purchases.proof import verify as verify_sales
from loyalty.purchases.refunds import refund_purchase, void_purchase
from loyalty.transactions import TRIES
from rewards.cancelling import cancel_redemption
from rewards.redemption import redeem_reward
from rewards.vouchers import use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.factories.vouchers import reward_of, voucher_of
from tests.faults.deeds import buy, buy_with
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
GIVEN_UP = ("40001", "40P01")  # Serialization failure, deadlock.
TILL = {"source": "till", "at": NOON, "by": None}
REFUND = TILL | {"reason": "", "recorded_at": NOON}


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


class GiveUp:
    """
    Lets the server itself fail before statement number `at`, or `after` it, the first `times` it
    is reached.
    """

    def __init__(self, *, at: int, code: str, times: int = 1, after: bool = False) -> None:
        self.at, self.code, self.times, self.after, self.seen = at, code, times, after, 0

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self.seen += 1
        now = self.seen == self.at and self.times
        if now and not self.after:
            self._fail()
        answer = execute(sql, *rest)
        if now and self.after:
            self._fail()
        return answer

    def _fail(self) -> None:
        self.times -= 1
        self.seen = 0
        # The driver's error, raised beneath Django, as Django would have passed it on.
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE SQLSTATE '{self.code}'; END $$")


def statements_of(act: Callable[[], object]) -> int:
    counter = GiveUp(at=0, code="")
    with connection.execute_wrapper(counter):
        act()
    return counter.seen


class Counter:
    """
    One customer, and each thing a till does: `prepare` makes ready what it needs, and what that
    leaves to do is the act. `effect` says how the customer's points change by it.
    """

    def __init__(self) -> None:
        self.customer = customer_with_points(100_000)
        self.reward = RewardFactory(cost_points=10)
        self.money_off = reward_of()
        self.owner = StaffFactory(role="owner")

    def sale(self, name: str) -> tuple[Callable[[], object], int]:
        return partial(buy, self.customer, name, amount_minor=10_000), 1

    def refund(self, name: str) -> tuple[Callable[[], object], int]:
        sale = buy(self.customer, name, amount_minor=100_000).purchase
        act = partial(refund_purchase, purchase=sale, amount_minor=50_000, reference=name)
        return partial(act, **REFUND), -sale.points // 2

    def void(self, name: str) -> tuple[Callable[[], object], int]:
        sale = buy(self.customer, name, amount_minor=100_000).purchase
        return partial(void_purchase, purchase=sale, reference=name, **REFUND), -sale.points

    def redemption(self, name: str) -> tuple[Callable[[], object], int]:
        act = partial(redeem_reward, customer=self.customer, reward=self.reward, reference=name)
        return partial(act, **TILL), -10

    def cancelling(self, name: str) -> tuple[Callable[[], object], int]:
        redemption = self.redemption(name)[0]()
        return partial(cancel_redemption, redemption=redemption, reason="", **TILL), 10

    def voucher(self, name: str) -> tuple[Callable[[], object], int]:
        voucher = self.redemption(name)[0]().voucher
        act = partial(use_voucher, voucher=voucher, reference=name, branch=None, at=NOON)
        return partial(act, by=self.owner), 0

    def voucher_sale(self, name: str) -> tuple[Callable[[], object], int]:
        voucher = voucher_of(self.customer, self.money_off)
        return partial(buy_with, voucher, name, total_minor=30_000), 1

    def voucher_back(self, name: str) -> tuple[Callable[[], object], int]:
        sale = self.voucher_sale(name)[0]().purchase
        return partial(void_purchase, purchase=sale, reference=name, **REFUND), -sale.points

    def adjustment(self, name: str) -> tuple[Callable[[], object], int]:
        act = partial(adjust, customer_id=self.customer.pk, points=7, reason="-", reference=name)
        return partial(act, expires_on=None, **TILL | {"by": self.owner}), 7


ACTS = (
    *("sale", "refund", "void", "redemption", "cancelling", "voucher", "adjustment"),
    *("voucher_sale", "voucher_back"),
)


@pytest.mark.parametrize("kind", ACTS)
def test_what_is_given_up_at_any_statement_happens_once(kind):
    counter = Counter()
    prepare = getattr(counter, kind)
    prepare("warm")[0]()  # The first one reads the rules.
    statements = statements_of(prepare("first")[0])
    places = [(at, False) for at in range(1, statements + 1)] + [(statements, True)]
    each = rounds(usual=ceil(20 / len(places)), soak=20)
    for at, after in places:
        for trial in range(each):
            act, points = prepare(f"{at}/{after}/{trial}")
            before = Account.objects.get().balance
            entries = Entry.objects.count()

            once = GiveUp(at=at, code=GIVEN_UP[(at + trial) % 2], after=after)
            with connection.execute_wrapper(once):
                act()
            assert once.times == 0

            assert Account.objects.get().balance == before + points
            assert Entry.objects.count() == entries + bool(points)
            act()  # A till that did not hear the answer.
            assert Account.objects.get().balance == before + points
    standing = Purchase.objects.filter(stands=True).count()
    assert sum(Activity.objects.values_list("purchases", flat=True)) == standing
    assert verify().problems == verify_sales().problems == ()


def test_a_sale_given_up_again_and_again_is_an_error_in_the_end_and_leaves_nothing():
    customer = CustomerFactory()
    stubborn = GiveUp(at=2, code="40001", times=TRIES)

    with connection.execute_wrapper(stubborn), pytest.raises(OperationalError):
        buy(customer, "R-1")

    assert stubborn.times == 0
    assert not Purchase.objects.exists()
    assert buy(customer, "R-1").purchase.points == 10


def test_inside_a_callers_transaction_nothing_is_tried_again():
    customer = CustomerFactory()
    once = GiveUp(at=2, code="40001")

    with (
        connection.execute_wrapper(once),
        pytest.raises(OperationalError),
        transaction.atomic(),
    ):
        buy(customer, "R-1")

    assert not Purchase.objects.exists()
