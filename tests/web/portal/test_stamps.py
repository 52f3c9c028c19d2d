"""A member's stamp cards on the front page, and their rules among the terms."""

from typing import Any

import pytest

from customers.models import Customer
from tests.factories.stamps import drink, shop_with_cards
from tests.support.pages import PageClient, words


@pytest.fixture
def shop(db: None) -> Any:
    return shop_with_cards("valid_days = 30")


def places(response: Any) -> tuple[int, int]:
    """How many stamps are there, of how many."""
    page = response.content.decode()
    row = page[page.index('<ol class="stamps"') :].split("</ol>")[0]
    return row.count('class="on"'), row.count("<li")


def test_a_place_for_each_stamp_with_its_words(browser: PageClient, member: Customer) -> None:
    drink(member, 4)

    page = browser.get("/")

    assert places(page) == (4, 10)
    assert "Thẻ cà phê 4/10 5 6 7 8 9 Còn 6 tem nữa · Cà phê đen · đến hết 22/12/2026" in words(
        page
    )


def test_an_empty_card_invites(browser: PageClient) -> None:
    page = browser.get("/")

    assert places(page) == (0, 10)
    assert "Thẻ cà phê 0/10 1 2 3 4 5 6 7 8 9 Còn 10 tem nữa · Cà phê đen Gần đây" in words(page)


def test_in_english(english: PageClient, member: Customer) -> None:
    drink(member, 9)

    assert "Coffee card 9/10 1 more stamp · Black coffee · through 22 Dec 2026" in words(
        english.get("/")
    )


def test_the_reward_of_a_full_card_is_among_the_vouchers(
    browser: PageClient, member: Customer
) -> None:
    drink(member, 10)

    assert "Cà phê đen" in words(browser.get("/vouchers"))


def test_the_terms_say_how_a_card_is_filled(client: PageClient, shop: object) -> None:
    assert (
        "Thẻ dán tem Thẻ cà phê: mỗi món một tem, cho Cà phê; đủ 10 tem: Cà phê đen;"
        " thẻ có giá trị 30 ngày kể từ tem đầu tiên." in words(client.get("/terms"))
    )


class TestWithoutCards:
    @pytest.fixture
    def shop(self, db: None) -> Any:
        return shop_with_cards(document="")

    def test_nothing_is_said_of_them(self, browser: PageClient) -> None:
        for path in ("/", "/terms"):
            assert "Thẻ dán tem" not in words(browser.get(path))
