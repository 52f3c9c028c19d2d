"""A member's code, what a stranger with it sees, and saying who brought one."""

from typing import Any

import pytest

from customers.models import Customer
from loyalty.purchases.referring import run_referrals
from rewards.models import Referral
from rewards.referrals import code_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import RULES, bring, buy, shop_with_referrals
from tests.factories.shop import shop_with_programme
from tests.support.pages import PageClient, words


@pytest.fixture
def shop(db: None) -> Any:
    return shop_with_referrals()


def test_a_member_sees_their_code_the_link_and_what_both_get(
    browser: PageClient, member: Customer
) -> None:
    page = browser.get("/refer")

    code = code_of(member)
    assert f">{code}</p>" in page.content.decode()
    assert f"http://localhost:8000/refer?code={code}" in words(page)
    assert "bạn được 20 điểm và bạn của bạn được 10 điểm sau lần mua đầu tiên từ 50.000đ." in words(
        page
    )
    assert "Có bạn bè giới thiệu bạn đến đây?" in words(page)


def test_what_it_has_come_to_is_counted_without_names(
    browser: PageClient, member: Customer
) -> None:
    for amount_minor in (0, 100_000):
        referral = bring(referrer=member, friend=CustomerFactory(name="Trần Thị Bí Mật"))
        if amount_minor:
            buy(referral.friend, amount_minor)
            run_referrals(at=NOON)

    page = browser.get("/refer")

    assert "Bạn đã giới thiệu 2 người; đã cộng điểm cho 1 người: 20." in words(page)
    assert "Mật" not in words(page)


def test_a_new_member_says_who_brought_them(browser: PageClient, member: Customer) -> None:
    friend = CustomerFactory()

    response = browser.post("/refer", {"referral_code": code_of(friend).lower()}, follow=True)

    assert Referral.objects.values_list("friend", "referrer", "referred_by").get() == (
        member.pk,
        friend.pk,
        None,
    )
    assert "Cảm ơn bạn. Điểm sẽ đến sau lần mua đầu tiên." in words(response)
    assert "Có bạn bè giới thiệu" not in words(response)


@pytest.mark.parametrize(
    ("typed", "error"), [("", "Hãy nhập mã."), ("XXXXXXX", "Không có thành viên nào có mã này.")]
)
def test_a_code_that_cannot_be_is_refused_in_the_form(
    browser: PageClient, typed: str, error: str
) -> None:
    response = browser.post("/refer", {"referral_code": typed})

    assert response.status_code == 422
    assert error in words(response)
    assert Referral.objects.count() == 0


def test_who_has_bought_is_not_asked_and_not_taken(browser: PageClient, member: Customer) -> None:
    buy(member)

    assert "Có bạn bè giới thiệu" not in words(browser.get("/refer"))
    response = browser.post("/refer", {"referral_code": code_of(CustomerFactory())})

    assert (response.status_code, Referral.objects.count()) == (422, 0)


def test_a_stranger_with_a_code_is_told_where_to_say_it(client: PageClient, shop: object) -> None:
    code = code_of(CustomerFactory())

    page = client.get(f"/refer?code={code}")

    invited = f"Một người bạn mời bạn đến Cà phê Hạ 10.000đ = 1 điểm {code} Đọc số"
    assert words(page).startswith(invited)
    assert "Bạn được 10 điểm sau lần mua đầu tiên từ 50.000đ." in words(page)
    assert f"/sign-in?next=/refer%3Fcode%3D{code}".replace("/refer", "%2Frefer") in (
        page.content.decode()
    )


def test_the_code_of_the_link_is_in_the_box_after_signing_in(
    browser: PageClient, member: Customer
) -> None:
    page = browser.get("/refer?code=RWXY346").content.decode()

    assert 'value="RWXY346"' in page


@pytest.mark.parametrize("address", ["/refer", "/refer?code=", "/refer?code=<b>", "/refer?code=x"])
def test_a_stranger_without_a_code_signs_in_first(
    client: PageClient, shop: object, address: str
) -> None:
    response = client.get(address)

    assert (response.status_code, response["Location"]) == (302, "/sign-in?next=%2Frefer")


def test_strangers_bring_nobody(client: PageClient, shop: object) -> None:
    assert client.post("/refer", {"referral_code": "RWXY346"}).status_code == 302
    assert Referral.objects.count() == 0


def test_the_door_from_ones_own_page(browser: PageClient) -> None:
    assert 'href="/refer"' in browser.get("/me").content.decode()


def test_history_says_what_the_points_were_for(browser: PageClient, member: Customer) -> None:
    referral = bring(referrer=member)
    buy(referral.friend)
    run_referrals(at=NOON)

    assert "Bạn đã giới thiệu một người bạn" in words(browser.get("/history"))


class TestWithoutTheSection:
    @pytest.fixture
    def shop(self, db: None) -> Any:
        return shop_with_programme(RULES)

    def test_there_is_no_page(self, browser: PageClient) -> None:
        assert browser.get("/refer").status_code == 404
        assert browser.post("/refer", {"referral_code": "x"}).status_code == 404

    def test_and_no_door(self, browser: PageClient) -> None:
        assert 'href="/refer"' not in browser.get("/me").content.decode()
