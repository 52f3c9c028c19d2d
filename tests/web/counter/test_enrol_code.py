"""A new member at the counter who names the friend who brought them."""

from typing import Any

import pytest

from customers.models import Customer
from loyalty.shop.models import User
from rewards.models import Referral
from rewards.referrals import code_of
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import RULES, shop_with_referrals
from tests.factories.shop import shop_with_programme
from tests.support.pages import PageClient, words

NEW = {"phone": "0987 654 321"}
LABEL = "Mã của người giới thiệu"


@pytest.fixture
def shop(db: None) -> Any:
    return shop_with_referrals()


def test_the_code_brings_them(till: PageClient, lan: User) -> None:
    friend = CustomerFactory()

    till.post("/counter/enrol", NEW | {"referral_code": code_of(friend)})

    referral = Referral.objects.get()
    assert referral.friend == Customer.objects.get(phone="+84987654321")
    assert (referral.referrer, referral.referred_by) == (friend, lan)


def test_a_code_nobody_has_enrols_nobody_and_is_told_beside_its_box(till: PageClient) -> None:
    response = till.post("/counter/enrol", NEW | {"referral_code": "XXXXXXX"})

    assert response.status_code == 422
    assert "Không có thành viên nào có mã này. Vui lòng xem lại mã." in words(response)
    assert 'value="XXXXXXX"' in response.content.decode()
    assert Customer.objects.count() == 0


def test_the_box_is_there_only_where_codes_are_taken(till: PageClient) -> None:
    assert LABEL in words(till.get("/counter/?enrol"))


class TestWithoutTheSection:
    @pytest.fixture
    def shop(self, db: None) -> Any:
        return shop_with_programme(RULES)

    def test_no_box(self, till: PageClient) -> None:
        assert LABEL not in words(till.get("/counter/?enrol"))
