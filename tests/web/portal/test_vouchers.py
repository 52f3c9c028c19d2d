"""A member's vouchers, and nobody else's."""

from datetime import timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from customers.models import Customer
from loyalty.web.shared.qr import qr_path
from rewards.models import Reward, Voucher
from rewards.redemption import redeem_reward
from rewards.vouchers import use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory
from tests.support.pages import PageClient, words


def voucher_of(customer: Customer, reward: Reward | None = None) -> Voucher:
    reward = reward or RewardFactory(name="Giảm 20.000đ", name_en="", cost_points=100)
    give_points(customer, reward.cost_points, reference=f"for:{customer.pk}:{reward.pk}")
    redemption = redeem_reward(
        customer=customer,
        reward=reward,
        source="portal",
        reference=f"{customer.pk}:{reward.pk}",
        at=NOON,
        by=None,
    )
    return Voucher.objects.get(redemption=redemption)


def use(voucher: Voucher) -> None:
    cashier = StaffFactory()
    use_voucher(voucher=voucher, reference="u", branch=cashier.branch, at=NOON, by=cashier)


def test_an_open_voucher_is_a_ticket_with_its_code(browser: PageClient, member: Customer) -> None:
    voucher = voucher_of(
        member,
        RewardFactory(
            name="Giảm 20.000đ",
            cost_points=100,
            kind="discount_amount",
            value_minor=20_000,
            minimum_minor=60_000,
            validity_days=8,
        ),
    )

    response = browser.get(f"/vouchers/{voucher.pk}")

    spelled = f"{voucher.code[:4]} {voucher.code[4:]}"
    assert words(response, of="article") == (
        "Còn 8 ngày đến hết 30/11/2026 Giảm 20.000đ Cho hoá đơn từ 60.000đ."
        f" {spelled} Đưa mã này cho thu ngân khi trả tiền."
    )
    assert qr_path(voucher.token)[1] in response.content.decode()


def test_to_open_a_voucher_uses_nothing_up(browser: PageClient, member: Customer) -> None:
    voucher = voucher_of(member)
    before = Voucher.objects.values().get()

    for _time in range(3):
        assert browser.get(f"/vouchers/{voucher.pk}").status_code == 200

    assert Voucher.objects.values().get() == before
    use(voucher)


def test_another_members_voucher_does_not_exist(browser: PageClient, shop: object) -> None:
    voucher = voucher_of(CustomerFactory())

    assert browser.get(f"/vouchers/{voucher.pk}").status_code == 404
    assert voucher.code not in browser.get("/vouchers").content.decode()


def test_a_used_voucher_keeps_its_day_and_loses_its_code(
    browser: PageClient, member: Customer
) -> None:
    voucher = voucher_of(member)
    use(voucher)

    response = browser.get(f"/vouchers/{voucher.pk}")

    assert "Ưu đãi này không dùng được nữa." in words(response)
    assert "Đã dùng ngày 22/11/2026" in words(response)
    assert voucher.code not in response.content.decode()
    assert voucher.token not in response.content.decode()


def test_a_voucher_is_open_through_its_last_day(browser: PageClient, member: Customer) -> None:
    voucher = voucher_of(member)

    with time_machine.travel(NOON + timedelta(days=30), tick=False):
        last_day = browser.get(f"/vouchers/{voucher.pk}")
    with time_machine.travel(NOON + timedelta(days=31), tick=False):
        after = browser.get(f"/vouchers/{voucher.pk}")

    assert words(last_day, of="article").startswith("Hôm nay là ngày cuối")
    assert "Hết hạn ngày 22/12/2026" in words(after)
    assert qr_path(voucher.token)[1] not in after.content.decode()


def test_open_ones_come_first_and_past_ones_below(browser: PageClient, member: Customer) -> None:
    use(voucher_of(member, RewardFactory(name="Bánh mì que", cost_points=40)))
    voucher_of(member)

    assert words(browser.get("/vouchers")) == (
        "Ưu đãi Mở một ưu đãi rồi đưa ở quầy."
        " Dùng được Giảm 20.000đ đến hết 22/12/2026 Mở"
        " Đã qua Bánh mì que Đã dùng ngày 22/11/2026"
    )


def test_without_vouchers_the_next_step_is_said(english: PageClient) -> None:
    assert words(english.get("/vouchers")) == (
        "Vouchers Open one and show it at the till. No vouchers to use"
        " Redeem points for a reward and its voucher is kept here. See the rewards"
    )


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_queries_for_three_vouchers_as_for_one(
    browser: PageClient,
    member: Customer,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _time in range(count):
        voucher_of(member)
        use(voucher_of(member, RewardFactory(cost_points=40)))

    with django_assert_num_queries(4):
        browser.get("/vouchers")


def test_a_voucher_is_what_it_was_when_it_was_issued(browser: PageClient, member: Customer) -> None:
    voucher = voucher_of(member)
    Reward.objects.update(name="Giảm 5.000đ", minimum_minor=900_000, branches=["thu-duc"])

    pages = [
        words(browser.get(path)) for path in ("/vouchers", f"/vouchers/{voucher.pk}", "/history")
    ]

    assert all("Giảm 20.000đ" in page and "Giảm 5.000đ" not in page for page in pages)
    assert "ở mọi chi nhánh" in pages[1]
    assert "900.000đ" not in pages[1]
