"""Two tills at once: exactly one gets the points, the voucher, the last piece."""

from functools import partial

import pytest

from customers.models import Customer, SignInChallenge
from customers.services import enrol_customer
from customers.signin import start_sign_in
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from loyalty.programme.versions import publish
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Activity, Purchase
from loyalty.purchases.proof import verify as verify_sales
from loyalty.purchases.recording import Recorded, record_purchase
from loyalty.tiers.models import Standing
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Voucher, VoucherUse
from rewards.redemption import redeem_reward
from rewards.vouchers import VoucherRefused, use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.factories.vouchers import shared_voucher, voucher_of
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TRIALS = rounds(usual=20, soak=300)


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


def kinds(outcomes):
    return sorted(type(outcome).__name__ for outcome in outcomes)


def redeem(customer, reward, reference):
    return redeem_reward(
        customer=customer, reward=reward, source="counter", reference=reference, at=NOON, by=None
    )


def buy(customer, amount_minor, reference):
    return sell_bill(customer, Bill.of_total(amount_minor), reference)


def sell_bill(customer, bill, reference):
    return record_purchase(
        source="counter",
        reference=reference,
        customer=customer,
        branch=None,
        bill=bill,
        at=NOON,
        recorded_at=NOON,
        by=None,
    )


def test_two_tills_cannot_spend_the_same_points():
    reward = RewardFactory(cost_points=100)
    for trial in range(TRIALS):
        customer = customer_with_points(100)

        outcomes = together(
            *(partial(redeem, customer, reward, f"{trial}/{till}") for till in range(2))
        )

        assert kinds(outcomes) == ["InsufficientPoints", "Redemption"], f"trial {trial}"
        assert Account.objects.get(customer=customer).balance == 0
    assert Voucher.objects.count() == Redemption.objects.count() == TRIALS
    assert verify().problems == ()


def test_sixteen_tills_share_points_for_one():
    reward = RewardFactory(cost_points=60)
    for trial in range(TRIALS):
        customer = customer_with_points(100)

        outcomes = together(
            *(partial(redeem, customer, reward, f"{trial}/{till}") for till in range(16))
        )

        refused = [error for error in outcomes if isinstance(error, InsufficientPoints)]
        assert len(refused) == 15, f"trial {trial}: {kinds(outcomes)}"
        assert {error.available for error in refused} == {40}
        assert Account.objects.get(customer=customer).balance == 40
    assert Redemption.objects.count() == Voucher.objects.count() == TRIALS
    assert verify().problems == ()


def test_the_last_pieces_go_to_as_many_customers():
    customers = [customer_with_points(10_000) for _ in range(20)]
    spent = 0
    for trial in range(TRIALS):
        stock = (1, 3)[trial % 2]
        reward = RewardFactory(cost_points=10, stock=stock)

        outcomes = together(
            *(partial(redeem, customer, reward, f"{trial}/{customer.pk}") for customer in customers)
        )

        said = kinds(outcomes)
        assert said == ["Redemption"] * stock + ["RewardUnavailable"] * (20 - stock), trial
        reward.refresh_from_db()
        assert reward.stock == 0
        spent += 10 * stock
    proof = verify()
    assert (proof.problems, proof.points) == ((), 20 * 10_000 - spent)


def test_a_voucher_that_was_passed_around_is_used_at_one_of_twenty_tills():
    cashier, customer = StaffFactory(), customer_with_points(10 * TRIALS)
    reward = RewardFactory(cost_points=10)
    for trial in range(TRIALS):
        voucher = redeem(customer, reward, f"{trial}").voucher
        use = partial(use_voucher, voucher=voucher, branch=cashier.branch, at=NOON, by=cashier)

        outcomes = together(*(partial(use, reference=f"{trial}/{till}") for till in range(20)))

        assert kinds(outcomes) == ["Voucher"] + ["VoucherRefused"] * 19, trial
        used = next(outcome for outcome in outcomes if isinstance(outcome, Voucher))
        voucher.refresh_from_db()
        assert (voucher.state, voucher.used_reference) == ("used", used.used_reference)


def test_a_sale_sent_sixteen_times_is_one_entry_and_sixteen_equal_answers():
    for trial in range(TRIALS):
        customer = CustomerFactory()

        outcomes = together(*[partial(buy, customer, 1_000_000, f"R-{trial}")] * 16)

        answers = {
            (answer.purchase.pk, answer.purchase.points, answer.balance, answer.tier_after)
            for answer in outcomes
            if isinstance(answer, Recorded)
        }
        assert len(answers) == 1, f"trial {trial}: {kinds(outcomes)}"
        assert {answer[1:] for answer in answers} == {(100, 100, "bac")}
        assert sum(not answer.replayed for answer in outcomes) == 1
        assert Entry.objects.filter(account_id=customer.pk).count() == 1
    assert verify().problems == ()


@pytest.mark.parametrize("whose", ["the same customer's", "another customer's"])
def test_one_receipt_number_for_two_sales_keeps_exactly_one(whose):
    first = CustomerFactory()
    second = first if whose == "the same customer's" else CustomerFactory()
    for trial in range(rounds(usual=20, soak=100)):
        acts = [
            partial(buy, first, 50_000, f"R-{trial}"),
            partial(buy, second, 60_000, f"R-{trial}"),
        ]

        outcomes = together(*acts)

        assert kinds(outcomes) == ["Conflict", "Recorded"], f"trial {trial}"
        again = [*together(acts[0]), *together(acts[1])]  # One after the other.
        assert [type(one) for one in again] == [type(one) for one in outcomes]
        assert Entry.objects.count() == Purchase.objects.count() == trial + 1
    assert verify().points == sum(Purchase.objects.values_list("points", flat=True))


def test_codes_asked_for_at_once_are_counted_and_leave_one_open():
    outcomes = together(*[partial(start_sign_in, identifier="0912 345 678", at=NOON)] * 16)

    assert kinds(outcomes) == ["SignInChallenge"] * 10 + ["TooManyCodes"] * 6
    assert SignInChallenge.objects.filter(closed_at__isnull=True).count() == 1


def test_many_sales_of_one_customer_at_once_all_count():
    customer = CustomerFactory()

    outcomes = together(*(partial(buy, customer, 100_000, f"R-{till}") for till in range(16)))

    assert kinds(outcomes) == ["Recorded"] * 16
    assert Standing.objects.get(customer=customer).spend_minor == 1_600_000
    assert Activity.objects.get(customer=customer).purchases == 16
    # Ten at the rate of new customers, six at silver's 1.2.
    assert Account.objects.get(customer=customer).balance == 10 * 10 + 6 * 12
    assert verify().problems == ()


def test_one_request_for_two_customers_redeems_for_exactly_one():
    reward = RewardFactory(cost_points=10)
    for trial in range(TRIALS):
        customers = [customer_with_points(10) for _ in range(2)]

        outcomes = together(*(partial(redeem, who, reward, f"{trial}") for who in customers))

        assert kinds(outcomes) == ["Conflict", "Redemption"], f"trial {trial}"
    assert Redemption.objects.count() == TRIALS


@pytest.mark.parametrize("field", ["phone", "email"])
def test_a_customer_enrolled_at_two_tills_is_one_and_both_know_them(field):
    for trial in range(TRIALS):
        who = {"phone": f"09123{trial:05d}"} if field == "phone" else {"email": f"a{trial}@b.vn"}
        enrol = partial(enrol_customer, **({"phone": ""} | who), at=NOON, by=None)

        outcomes = together(*[enrol] * 4)

        assert kinds(outcomes) == ["AlreadyEnrolled"] * 3 + ["Customer"], f"trial {trial}"
        known = {getattr(outcome, "customer", outcome) for outcome in outcomes}
        assert len(known) == 1
    assert Customer.objects.count() == TRIALS


def test_a_voucher_is_taken_off_one_of_two_sales_or_used_without_one():
    cashier = StaffFactory()
    for trial in range(TRIALS):
        customer = CustomerFactory()
        voucher = voucher_of(customer)
        bill = Bill(total_minor=100_000, vouchers=(voucher.code,))
        sales = [partial(sell_bill, customer, bill, f"{trial}/{till}") for till in range(2)]
        use = partial(use_voucher, voucher=voucher, reference=f"{trial}", branch=None, at=NOON)

        outcomes = together(*sales, partial(use, by=cashier) if trial % 2 else sales[0])

        lost = [one for one in outcomes[:2] if isinstance(one, VoucherRefused)]
        assert {one.field for one in lost} <= {"vouchers[0]"}
        sold = Purchase.objects.filter(customer=customer)
        assert [one.amount_minor for one in sold] == [80_000] * (2 - bool(lost) - (len(lost) > 1))
        won = [one for one in outcomes if not isinstance(one, Exception)]
        assert len({getattr(one, "purchase", one) for one in won}) == 1, kinds(outcomes)
    assert VoucherUse.objects.count() == Purchase.objects.count()
    assert Voucher.objects.filter(state="used").count() == TRIALS
    assert verify().problems == verify_sales().problems == ()


def test_a_shared_voucher_for_three_is_used_at_three_of_eight_tills():
    customers = [CustomerFactory() for _ in range(8)]
    for trial in range(TRIALS):
        shared = shared_voucher(f"TET{trial:04d}", most_uses=3)
        bill = Bill(total_minor=100_000, vouchers=(shared.code,))

        outcomes = together(
            *(partial(sell_bill, one, bill, f"{trial}/{one.pk}") for one in customers)
        )

        assert kinds(outcomes) == ["Recorded"] * 3 + ["VoucherRefused"] * 5, trial
        shared.refresh_from_db()
        assert (shared.uses, VoucherUse.objects.filter(shared=shared).count()) == (3, 3)
    assert Purchase.objects.count() == 3 * TRIALS
    assert verify_sales().problems == ()


def test_one_customer_at_four_tills_uses_a_shared_voucher_so_often_as_they_may():
    for trial in range(TRIALS):
        customer = CustomerFactory()
        shared = shared_voucher(f"EVER{trial:04d}", most_per_customer=2)
        bill = Bill(total_minor=100_000, vouchers=(shared.code,))

        outcomes = together(
            *(partial(sell_bill, customer, bill, f"{trial}/{till}") for till in range(4))
        )

        assert kinds(outcomes) == ["Recorded"] * 2 + ["VoucherRefused"] * 2, trial
        uses = VoucherUse.objects.filter(shared=shared).order_by("number")
        assert [use.number for use in uses] == [1, 2]


def test_a_voucher_used_or_cancelled_is_never_both():
    reward = RewardFactory(cost_points=10, kind="discount_amount", value_minor=20_000)
    for trial in range(TRIALS):
        customer = customer_with_points(10)
        redemption = redeem(customer, reward, f"{trial}")
        bill = Bill(total_minor=100_000, vouchers=(redemption.voucher.code,))
        cancel = partial(
            cancel_redemption, redemption=redemption, source="counter", reason="", at=NOON, by=None
        )

        sold, cancelled = together(partial(sell_bill, customer, bill, f"{trial}"), cancel)

        used = isinstance(sold, Recorded)
        assert used is isinstance(cancelled, VoucherRefused), trial
        points = sold.purchase.points if used else 10
        assert Account.objects.get(customer=customer).balance == points
    assert verify().problems == verify_sales().problems == ()


def test_two_tills_at_once_bring_one_coupon():
    coupon = '[[coupons]]\nkey = "sau"\nname = "S"\nreward = "sau"\nvalid_days = 30\n'
    rules = "\n".join([coupon, EVERYDAY, ONE_TIER, SILVER])
    publish(document=rules, effective_from=NOON, at=NOON, by=None)
    RewardFactory(key="sau", kind="discount_amount", value_minor=20_000)
    for trial in range(TRIALS):
        customer = CustomerFactory()

        outcomes = together(
            *(partial(buy, customer, 100_000, f"{trial}/{till}") for till in range(2))
        )

        assert kinds(outcomes) == ["Recorded", "Recorded"], trial
        assert Voucher.objects.filter(customer=customer, coupon="sau").count() == 1
