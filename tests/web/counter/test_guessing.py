"""Codes of vouchers cannot be guessed at the till."""

from uuid import uuid4

import pytest
from pytest_django import Settings

from customers.models import Customer
from loyalty.shop.models import Branch
from rewards.models import Voucher
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory
from tests.support.pages import PageClient
from tests.web.counter.pages import find

TOO_MANY = "Nhiều mã chưa đúng quá. Đợi 15 phút rồi thử lại."


@pytest.fixture(autouse=True)
def counters_of_this_test_alone(settings: Settings) -> None:
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "LOCATION": str(uuid4())}}


@pytest.fixture
def voucher(thao: Customer) -> Voucher:
    made = redeem_reward(
        customer=thao, reward=RewardFactory(), source="test", reference="r", at=NOON, by=None
    )
    return made.voucher


def guess(till: PageClient, times: int) -> None:
    for number in range(times):
        assert TOO_MANY not in find(till, f"AAAA{number:04d}").content.decode()


def test_after_thirty_wrong_codes_even_a_right_one_waits(
    till: PageClient, voucher: Voucher
) -> None:
    guess(till, 30)

    page = till.post("/counter/find", {"q": voucher.code})

    assert (page.status_code, TOO_MANY in page.content.decode()) == (429, True)
    assert till.post("/counter/find", {"q": voucher.token}).status_code == 429


def test_phones_and_names_are_found_all_the_same(till: PageClient, thao: Customer) -> None:
    guess(till, 30)
    find(till, "BBBB2222")

    for typed in ("0912345678", "Nguyễn Thu Thảo"):
        assert till.post("/counter/find", {"q": typed}).status_code == 302


def test_right_codes_and_members_cards_do_not_count(
    till: PageClient, voucher: Voucher, thao: Customer
) -> None:
    for _time in range(40):
        assert till.post("/counter/find", {"q": voucher.code}).status_code == 302
        assert till.post("/counter/find", {"q": thao.card_token}).status_code == 302
    guess(till, 30)


def test_another_cashier_goes_on_until_the_address_has_had_its_share(
    till: PageClient, branch: Branch, voucher: Voucher
) -> None:
    colleagues = []
    for number in range(4):
        browser = PageClient()
        browser.force_login(StaffFactory(username=f"ban-{number}", branch=branch))
        colleagues.append(browser)
    for browser in colleagues[:3]:
        guess(browser, 30)
        assert browser.post("/counter/find", {"q": voucher.code}).status_code == 429
    guess(colleagues[3], 10)

    assert colleagues[3].post("/counter/find", {"q": voucher.code}).status_code == 429


def test_without_a_cache_codes_are_looked_up(
    till: PageClient, voucher: Voucher, settings: Settings
) -> None:
    away = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": away, "LOCATION": "redis://127.0.0.1:1/0"}}

    assert till.post("/counter/find", {"q": "AAAA0000"}).status_code == 200
    assert till.post("/counter/find", {"q": voucher.code}).status_code == 302
