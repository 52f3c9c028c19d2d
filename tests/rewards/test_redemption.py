"""Points buy rewards, atomically; a voucher is used once."""

from datetime import date, timedelta

import pytest

from loyalty.errors import Conflict
from loyalty.ledger.models import Account
from loyalty.ledger.services import InsufficientPoints
from rewards import redemption
from rewards.models import Redemption, Voucher
from rewards.queries import closed_vouchers, open_vouchers
from rewards.redemption import CODE_LETTERS, RewardUnavailable, redeem_reward
from rewards.vouchers import VoucherRefused, find_voucher, use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory, shop_with_programme

pytestmark = pytest.mark.django_db
LAST_DAY = date(2026, 12, 22)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def redeem(customer, reward, reference="request-1"):
    return redeem_reward(
        customer=customer, reward=reward, source="counter", reference=reference, at=NOON, by=None
    )


def use(voucher, cashier, *, reference="use-1", at=NOON):
    return use_voucher(
        voucher=voucher, reference=reference, branch=cashier.branch, at=at, by=cashier
    )


def balance_of(customer):
    return Account.objects.get(customer=customer).balance


def test_redeeming_takes_the_points_and_issues_a_voucher():
    customer, reward = customer_with_points(150), RewardFactory(cost_points=120)

    redeemed = redeem(customer, reward)

    assert balance_of(customer) == 30
    assert (redeemed.cost_points, redeemed.entry.points) == (120, -120)
    voucher = redeemed.voucher
    assert (voucher.state, voucher.expires_on) == ("issued", LAST_DAY)
    assert len(voucher.code) == 8
    assert set(voucher.code) <= set(CODE_LETTERS)
    assert len(voucher.token) == 22


def test_a_double_click_redeems_once():
    customer, reward = customer_with_points(300), RewardFactory(cost_points=120)

    assert redeem(customer, reward).pk == redeem(customer, reward).pk
    assert (balance_of(customer), Voucher.objects.count()) == (180, 1)


def test_redeeming_is_one_statement(django_assert_num_queries):
    customer, reward = customer_with_points(300), RewardFactory(cost_points=120)

    with django_assert_num_queries(1):
        redeem(customer, reward)


def test_the_answer_is_what_was_written():
    redeemed = redeem(customer_with_points(300), RewardFactory(cost_points=120))

    stored = Redemption.objects.select_related("voucher").get()
    for told, kept in ((redeemed, stored), (redeemed.voucher, stored.voucher)):
        names = [field.attname for field in told._meta.concrete_fields]
        assert [getattr(told, name) for name in names] == [getattr(kept, name) for name in names]


def test_a_code_that_is_taken_is_not_given_again(monkeypatch):
    first = redeem(customer_with_points(300), RewardFactory()).voucher
    drawn = iter([first.code, first.code, "34679ACD"])
    monkeypatch.setattr(redemption, "new_code", lambda: next(drawn))

    assert (
        redeem(customer_with_points(300), RewardFactory(), "request-2").voucher.code == "34679ACD"
    )


def test_one_request_for_two_rewards_is_refused():
    customer = customer_with_points(300)
    redeem(customer, RewardFactory())

    with pytest.raises(Conflict):
        redeem(customer, RewardFactory())

    assert Redemption.objects.count() == 1


def test_too_few_points_change_nothing():
    customer, reward = customer_with_points(119), RewardFactory(cost_points=120, stock=5)

    with pytest.raises(InsufficientPoints) as error:
        redeem(customer, reward)

    assert (error.value.needed, error.value.available) == (120, 119)
    reward.refresh_from_db()
    assert (balance_of(customer), reward.stock, Redemption.objects.count()) == (119, 5, 0)


@pytest.mark.parametrize(
    ("columns", "text"),
    [({"is_active": False}, "không còn trong danh mục"), ({"stock": 0}, "đã hết")],
)
def test_a_retired_or_sold_out_reward_is_refused(columns, text):
    customer, reward = customer_with_points(200), RewardFactory(**columns)

    with pytest.raises(RewardUnavailable, match=text):
        redeem(customer, reward)

    assert balance_of(customer) == 200


def test_stock_goes_down_by_one():
    reward = RewardFactory(stock=1)
    redeem(customer_with_points(200), reward)

    with pytest.raises(RewardUnavailable):
        redeem(customer_with_points(200), reward, reference="request-2")

    reward.refresh_from_db()
    assert reward.stock == 0


def test_the_catalogue_decides_the_cost_not_the_page_the_cashier_still_shows():
    customer, reward = customer_with_points(200), RewardFactory(cost_points=100)
    stale = type(reward).objects.get(pk=reward.pk)
    type(reward).objects.update(cost_points=150)

    assert redeem(customer, stale).cost_points == 150
    assert balance_of(customer) == 50


def test_a_voucher_is_used_once_and_the_second_try_says_when_it_was():
    cashier = StaffFactory()
    voucher = redeem(customer_with_points(200), RewardFactory()).voucher

    used = use(voucher, cashier)

    assert (used.state, used.used_at, used.used_by) == ("used", NOON, cashier)
    with pytest.raises(VoucherRefused, match=r"22/11/2026 12:00"):
        use(voucher, cashier, reference="use-2")


def test_a_double_click_uses_a_voucher_once_and_is_no_error():
    cashier = StaffFactory()
    voucher = redeem(customer_with_points(200), RewardFactory()).voucher

    assert use(voucher, cashier).pk == use(voucher, cashier).pk


def test_two_tills_that_count_alike_use_a_voucher_once():
    voucher = redeem(customer_with_points(200), RewardFactory()).voucher
    use(voucher, StaffFactory(), reference="1")

    with pytest.raises(VoucherRefused):
        use(voucher, StaffFactory(), reference="1")


def test_a_voucher_is_good_through_its_last_day_in_the_shop():
    cashier = StaffFactory()
    first = redeem(customer_with_points(200), RewardFactory()).voucher
    second = redeem(customer_with_points(200), RewardFactory(), reference="request-2").voucher
    last_second = NOON.replace(month=12, hour=16, minute=59, second=59)

    assert use(first, cashier, at=last_second).state == "used"
    with pytest.raises(VoucherRefused, match=r"22/12/2026"):
        use(second, cashier, at=last_second + timedelta(seconds=1))


@pytest.mark.parametrize("typed", ["{code}", " {spaced} ", "{lower}", "{token}"])
def test_a_voucher_is_found_however_it_is_typed_or_scanned(typed):
    voucher = redeem(customer_with_points(200), RewardFactory()).voucher
    spaced = f"{voucher.code[:4]} {voucher.code[4:]}"
    words = {
        "code": voucher.code,
        "spaced": spaced,
        "lower": spaced.lower(),
        "token": voucher.token,
    }

    assert find_voucher(typed.format(**words)) == voucher


@pytest.mark.parametrize("typed", ["", "AAAAAAAA", "7K3M", "\x00", "x" * 5000])
def test_an_unknown_code_finds_nothing(typed):
    assert find_voucher(typed) is None


def test_more_than_a_code_is_no_code():
    voucher = redeem(customer_with_points(200), RewardFactory()).voucher

    assert find_voucher(f"{voucher.code}A") is None


@pytest.mark.parametrize("count", [1, 3])
def test_a_customers_vouchers_take_one_query(count, django_assert_num_queries):
    customer = customer_with_points(1_000)
    for number in range(count):
        redeem(customer, RewardFactory(), reference=f"request-{number}")

    with django_assert_num_queries(1):
        vouchers = list(open_vouchers(customer.pk, on=LAST_DAY))
        names = [voucher.reward.name for voucher in vouchers]

    assert len(names) == count
    assert list(closed_vouchers(customer.pk, on=LAST_DAY)) == []
    assert list(open_vouchers(customer.pk, on=LAST_DAY + timedelta(days=1))) == []
    assert len(closed_vouchers(customer.pk, on=LAST_DAY + timedelta(days=1))) == count


def test_another_customer_has_none_of_them():
    redeem(customer_with_points(200), RewardFactory())
    assert list(open_vouchers(CustomerFactory().pk, on=LAST_DAY)) == []
