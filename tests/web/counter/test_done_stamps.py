"""After a sale the cashier says how many stamps it brought."""

from typing import Any

import pytest

from loyalty.shop.models import User
from tests.factories.customers import CustomerFactory
from tests.factories.stamps import drink, shop_with_cards
from tests.support.pages import PageClient, words


@pytest.fixture
def shop(db: None) -> Any:
    return shop_with_cards()


def test_stamps_of_this_sale_and_what_the_card_has(till: PageClient, lan: User) -> None:
    customer = CustomerFactory()
    first, second = drink(customer, 4, by=lan), drink(customer, 8, by=lan)
    drink(customer, 1)

    assert "Thẻ cà phê: +4 · 4/10" in words(till.get(f"/counter/done/{first.pk}"))
    assert "Thẻ cà phê: +8 · có 1 phần quà · 2/10" in words(till.get(f"/counter/done/{second.pk}"))
