"""What the history says of bills with money off, of points that paid, and of their return."""

import pytest

from customers.models import Customer
from loyalty.programme.versions import publish
from tests.factories.clock import NOON
from tests.factories.customers import give_points
from tests.factories.programmes import line
from tests.factories.sales import give_back, sell
from tests.factories.shop import STARTERS
from tests.support.pages import PageClient, words

RULES = """
[[discounts]]
key = "tet"
name = "Tết vui"
name_en = "Happy Tết"
percent = 10

[pay]
money_minor = 1_000
"""


@pytest.fixture(autouse=True)
def rules(member: Customer) -> None:
    cafe = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
    publish(document=cafe + RULES, effective_from=NOON, at=NOON, by=None)


def history(client: PageClient) -> str:
    return words(client.get("/history"), of="ul")


def test_a_bill_with_money_off_and_points_that_paid(browser: PageClient, member: Customer) -> None:
    give_points(member, 50)

    sell(member, line(60_000), line(40_000), spend_points=40)

    assert history(browser).startswith(
        "Mua hàng 90.000đ +5 22/11, 12:00 · Vì sao? Còn 15"
        " Hoá đơn 100.000đ Tết vui −10.000đ Trả bằng 40 điểm −40.000đ"
        " 50.000đ, cứ 10.000đ = 1 điểm 5 điểm Được cộng, dùng đến 30/11/2027 5 điểm"
        " Trả bằng điểm: 40.000đ −40 22/11, 12:00 · Vì sao? Còn 10"
        " Lấy từ điểm không hết hạn 40 điểm Cho hoá đơn 90.000đ 40 điểm"
    )


def test_the_same_in_english(english: PageClient, member: Customer) -> None:
    give_points(member, 50)

    sell(member, line(100_000), spend_points=40)

    assert "Bill 100,000đ Happy Tết −10,000đ Paid with 40 points −40,000đ" in history(english)
    assert "Paid with points: 40,000đ −40" in history(english)


def test_points_that_come_back_say_for_what(browser: PageClient, member: Customer) -> None:
    give_points(member, 50)
    sale = sell(member, line(100_000), spend_points=40).purchase

    give_back(sale, amount_minor=45_000)

    assert "Trả lại điểm, hoàn tiền 45.000đ +20 22/11, 12:00" in history(browser)
