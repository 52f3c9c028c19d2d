"""The till when the programme takes money off, and when points pay a part of the bill."""

from datetime import timedelta

import pytest
import time_machine

from customers.models import Customer
from loyalty.ledger.models import Account
from loyalty.programme.versions import publish
from loyalty.purchases.models import Purchase
from tests.factories.clock import NOON
from tests.factories.shop import STARTERS
from tests.support.pages import PageClient, words
from tests.web.counter.pages import facts, find, hidden, text_after

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
SILVER_DAY = """
[[discounts]]
key = "bac"
name = "Ngày của Bạc"
name_en = "Silver day"
percent = 10
tiers = ["bac"]
"""
PAY = "\n[pay]\nmoney_minor = 500\nstep = 10\nminimum = 20\n"


@pytest.fixture(autouse=True)
def rules(thao: Customer) -> None:
    publish(document=CAFE + SILVER_DAY + PAY, effective_from=NOON, at=NOON, by=None)


def sell(till: PageClient, customer: Customer | None, amount: str, spend: str = "") -> str:
    """Record a sale as a cashier does; the page it leads to, or the page that refuses it."""
    page = till.get("/counter/", {"customer": customer.pk} if customer else {})
    sent = {
        "reference": hidden(page, "reference"),
        "customer": hidden(page, "customer"),
        "amount": amount,
        "spend_points": spend,
    }
    answer = till.post("/counter/", sent)
    return till.get(answer["Location"]) if answer.status_code == 302 else answer


def preview(till: PageClient, customer: Customer, amount: str, spend: str = "") -> str:
    asked = {"customer": customer.pk, "amount": amount, "spend_points": spend}
    return text_after(till.get("/counter/preview", asked), '<div class="stack">')


def test_the_panel_says_the_discount_and_what_is_to_be_paid(
    till: PageClient, thao: Customer
) -> None:
    assert preview(till, thao, "200000").endswith(
        "+21 điểm cho lần này Hoá đơn 200.000đ Ngày của Bạc −20.000đ"
        " 180.000đ, cứ 10.000đ = 1 điểm 18 điểm Hạng Bạc, làm tròn xuống × 1,2 = 21,6"
        " 20 điểm = 10.000đ 140 điểm = 70.000đ 290 điểm = 145.000đ"
        " Cộng 21 điểm, thu 180.000đ Enter"
    )


def test_the_panel_takes_the_points_that_pay_off(till: PageClient, thao: Customer) -> None:
    said = preview(till, thao, "200000", "140")

    assert "Ngày của Bạc −20.000đ Trả bằng 140 điểm −70.000đ" in said
    assert said.endswith("Cộng 13 điểm, thu 110.000đ Enter")


def test_points_that_cannot_pay_are_refused_with_the_reason(
    till: PageClient, thao: Customer
) -> None:
    said = preview(till, thao, "200000", "25")
    refused = sell(till, thao, "200000", "25")

    assert said.endswith("20 điểm = 10.000đ 140 điểm = 70.000đ 290 điểm = 145.000đ Ghi nhận Enter")
    assert refused.status_code == 409
    assert 'name="spend_points" value="25"' in refused.content.decode()
    assert not Purchase.objects.filter(source="counter").exists()
    assert Account.objects.get(customer=thao).balance == 298


@pytest.mark.parametrize("typed", ["x", "-5", "1e3", "99999999999"])
def test_what_is_no_number_of_points_changes_nothing(
    till: PageClient, thao: Customer, typed: str
) -> None:
    refused = sell(till, thao, "200000", typed)

    assert refused.status_code == 422
    assert "Điểm phải là số nguyên." in words(refused)
    assert not Purchase.objects.filter(source="counter").exists()


def test_the_result_and_the_receipt_say_what_was_taken(till: PageClient, thao: Customer) -> None:
    done = sell(till, thao, "200.000", "140")

    assert words(done).startswith(
        "+13 điểm Cảm ơn chị Thảo Thu 110.000đ Ngày của Bạc: −20.000đ 140 điểm trả 70.000đ"
    )
    lines = facts(done)
    assert (lines["Hoá đơn"], lines["Ngày của Bạc"]) == ("200.000đ", "−20.000đ")
    assert (lines["Trả bằng 140 điểm"], lines["Khách trả"]) == ("−70.000đ", "110.000đ")
    sale = Purchase.objects.get(source="counter")
    assert (sale.amount_minor, sale.discount_minor, sale.spent_points) == (180_000, 20_000, 140)
    assert Account.objects.get(customer=thao).balance == 298 - 140 + 13


def test_the_same_in_english(english: PageClient, thao: Customer) -> None:
    done = sell(english, thao, "200,000", "140")

    assert words(done).startswith(
        "+13 points Thank you, Thảo Take 110,000đ Silver day: −20,000đ 140 points paid 70,000đ"
    )


def test_a_walk_in_customer_is_not_asked_for_points(till: PageClient) -> None:
    page = till.get("/counter/")

    assert 'name="spend_points"' not in page.content.decode()
    assert sell(till, None, "200000", "20").status_code == 422
    assert words(sell(till, None, "200000")).startswith("200.000đ đã ghi")


def test_the_field_stands_only_where_points_are_money(till: PageClient, thao: Customer) -> None:
    assert 'name="spend_points"' in find(till, "0912345678").content.decode()

    later = NOON + timedelta(minutes=1)
    publish(document=f"{CAFE}{PAY}enabled = false\n", effective_from=later, at=NOON, by=None)
    with time_machine.travel(later, tick=False):
        assert 'name="spend_points"' not in find(till, "0912345678").content.decode()


def test_a_plain_bill_looks_as_before(till: PageClient) -> None:
    done = sell(till, None, "50000")

    assert "Khách trả 50.000đ" in text_after(done, '<section class="receipt"')
    assert "Hoá đơn" not in facts(done)
