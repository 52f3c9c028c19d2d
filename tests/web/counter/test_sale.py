"""Phone, amount, done: what a cashier reads, and what is written."""

from uuid import uuid4

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from loyalty.ledger.models import Account, Entry
from loyalty.purchases.models import Purchase
from loyalty.shop.models import Branch, User
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory
from tests.support.numbers import IMPOSSIBLE, NAMES
from tests.support.pages import PageClient, words
from tests.web.counter.pages import facts, find, hidden, sell, text_after


def test_a_sale_from_the_phone_to_the_receipt(
    till: PageClient, thao: Customer, lan: User, branch: Branch
) -> None:
    page = find(till, "0912 345 678")

    assert page.request["PATH_INFO"] == "/counter/"
    assert page.request["QUERY_STRING"] == f"customer={thao.pk}"
    text = words(page)
    assert "Nguyễn Thu Thảo Hạng Bạc 0912 ••• 678 · Hôm nay đã ghé" in text
    assert "298 điểm Còn 350.000đ nữa để lên hạng Vàng" in text
    assert "0912 345 678" not in text

    done = till.get(sell(till, page, "135.000")["Location"])

    assert words(done) == (
        "+15 điểm Cảm ơn chị Thảo Còn 215.000đ nữa để lên hạng Vàng Hiện có 313 điểm"
        " Khách tiếp theo Enter In biên nhận Đổi quà"
    )
    purchase = Purchase.objects.get(source="counter")
    assert (purchase.amount_minor, purchase.points, purchase.balance_after) == (135_000, 15, 313)
    assert (purchase.customer, purchase.branch, purchase.recorded_by) == (thao, branch, lan)
    entry = Entry.objects.get(pk=purchase.entry_id)
    assert (entry.points, entry.balance_after, entry.recorded_by_id) == (15, 313, lan.pk)
    assert entry.source == "counter"


def test_the_same_in_english(english: PageClient, thao: Customer) -> None:
    page = find(english, "+84 912 345 678")

    assert "Nguyễn Thu Thảo Silver tier 0912 ••• 678 · Last here today" in words(page)
    assert "298 points 350,000đ more to reach Gold" in words(page)
    done = english.get(sell(english, page, "135,000")["Location"])
    assert words(done) == (
        "+15 points Thank you, Thảo 215,000đ more to reach Gold tier Has 313 points"
        " Next customer Enter Print receipt Rewards"
    )


def test_the_receipt_says_what_was_paid_and_how_the_points_came_about(
    till: PageClient, thao: Customer, branch: Branch
) -> None:
    page = find(till, "0912345678")
    address = sell(till, page, "135000")["Location"]

    done = till.get(address)

    receipt = text_after(done, '<section class="receipt"')
    assert "Cà phê Hạ Hạ – Nguyễn Trãi · 22/11/2026 12:00" in receipt
    assert "Thu ngân Lan" in receipt
    assert "0912 ••• 678 · Hạng Bạc" in receipt
    lines = facts(done)
    assert lines == {
        "Khách trả": "135.000đ",
        "135.000đ, cứ 10.000đ = 1 điểm": "13 điểm",
        "Hạng Bạc, làm tròn xuống": "× 1,2 = 15,6",
        "Điểm hiện có": "313",
        "Dùng đến hết": "30/11/2027",
    }
    assert 'class="qr"' in done.content.decode()


def test_the_result_is_the_same_after_later_sales(till: PageClient, thao: Customer) -> None:
    first = sell(till, find(till, "0912345678"), "135000")["Location"]
    before = words(till.get(first))
    sell(till, find(till, "0912345678"), "500000")

    assert words(till.get(first)) == before


def test_a_sale_that_reaches_a_tier_says_so(till: PageClient, thao: Customer) -> None:
    done = till.get(sell(till, find(till, "0912345678"), "350000")["Location"])

    assert "Vừa lên hạng Vàng Còn 5.000.000đ nữa để lên hạng Kim cương" in words(done)


def test_a_sale_too_small_for_a_point_shows_the_amount(till: PageClient, thao: Customer) -> None:
    done = till.get(sell(till, find(till, "0912345678"), "8000")["Location"])

    assert words(done).startswith("8.000đ đã ghi, chưa đủ một điểm Cảm ơn chị Thảo")
    assert not Entry.objects.filter(source="counter").exists()


def test_without_a_customer_the_sale_only_counts_as_revenue(till: PageClient) -> None:
    done = till.get(sell(till, till.get("/counter/"), "1.350.000đ")["Location"])

    assert words(done) == (
        "1.350.000đ đã ghi, không tích điểm Cảm ơn anh/chị Khách tiếp theo Enter In biên nhận"
    )
    purchase = Purchase.objects.get()
    assert (purchase.customer, purchase.amount_minor, purchase.points) == (None, 1_350_000, 0)
    assert not Entry.objects.exists()


def test_a_double_press_counts_once_and_says_so(till: PageClient, thao: Customer) -> None:
    page = find(till, "0912345678")
    first = sell(till, page, "135000")
    second = sell(till, page, "135000")

    assert second["Location"] == first["Location"]
    assert Purchase.objects.filter(source="counter").count() == 1
    assert Account.objects.get(customer=thao).balance == 313
    done = words(till.get(second["Location"]))
    assert done.startswith("Lần bán này đã ghi từ trước, không cộng thêm lần nữa. +15 điểm")


def test_another_amount_from_the_same_page_is_refused_then_recorded_as_a_sale_of_its_own(
    till: PageClient, thao: Customer
) -> None:
    page = find(till, "0912345678")
    sell(till, page, "135000")

    refused = sell(till, page, "50000")

    assert refused.status_code == 409
    assert "Trang này đã ghi một lần bán rồi." in words(refused)
    assert Purchase.objects.filter(source="counter").count() == 1
    assert hidden(refused, "reference") != hidden(page, "reference")
    assert sell(till, refused, "50000").status_code == 302
    assert Account.objects.get(customer=thao).balance == 313 + 6


NO_AMOUNT = "Đây không phải số tiền."


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("abc", NO_AMOUNT),
        ("", "Nhập tổng hoá đơn."),
        ("  ", "Nhập tổng hoá đơn."),
        ("-5000", NO_AMOUNT),
        ("135\x00", NO_AMOUNT),
        ("0", "Số tiền phải lớn hơn 0."),
        ("999999999999999", "Số tiền này quá lớn."),
    ],
)
def test_an_amount_that_is_none_changes_nothing_and_keeps_what_was_typed(
    till: PageClient, thao: Customer, typed: str, says: str
) -> None:
    page = find(till, "0912345678")

    refused = sell(till, page, typed)

    assert refused.status_code == 422
    assert says in words(refused)
    assert f'id="amount" name="amount" value="{typed}"' in refused.content.decode()
    assert hidden(refused, "reference") == hidden(page, "reference")
    assert hidden(refused, "customer") == str(thao.pk)
    assert not Purchase.objects.filter(source="counter").exists()
    assert Account.objects.get(customer=thao).balance == 298


@pytest.mark.parametrize("typed", IMPOSSIBLE, ids=NAMES)
def test_numbers_beyond_every_edge_are_refused_and_write_nothing(
    till: PageClient, thao: Customer, typed: str
) -> None:
    page = find(till, "0912345678")

    assert sell(till, page, typed).status_code == 422
    assert not Purchase.objects.filter(source="counter").exists()


@pytest.mark.parametrize("reference", ["", "x", "1' OR 1=1", "\x00", "a" * 500])
def test_a_reference_that_no_page_made_is_refused(
    till: PageClient, thao: Customer, reference: str
) -> None:
    page = till.post("/counter/", {"reference": reference, "customer": thao.pk, "amount": "135000"})

    assert page.status_code == 422
    assert "Bạn bấm nút lần nữa nhé." in words(page)
    assert not Purchase.objects.filter(source="counter").exists()


@pytest.mark.parametrize("customer", ["0", "x", "-1", "99999999999999999999", "١", "1 OR 1=1"])
def test_a_customer_who_does_not_exist_is_not_found(till: PageClient, customer: str) -> None:
    sent = {"reference": str(uuid4()), "customer": customer, "amount": "135000"}

    assert till.post("/counter/", sent).status_code == 404
    assert till.get("/counter/", {"customer": customer}).status_code == 404
    assert not Purchase.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_another_till_holds_the_account_the_same_sale_is_offered_once_more(
    till: PageClient, thao: Customer
) -> None:
    page = find(till, "0912345678")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    other_till = connections.create_connection("default")
    with other_till.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM ledger_lock(%s)", [[thao.pk]])
        busy = sell(till, page, "135000")
    other_till.close()

    assert busy.status_code == 503
    assert busy["Retry-After"] == "2"
    assert "Chưa ghi gì cả." in words(busy)
    kept = {name: hidden(busy, name) for name in ("reference", "customer", "amount")}
    assert kept == {
        "reference": hidden(page, "reference"),
        "customer": str(thao.pk),
        "amount": "135000",
    }
    assert not Purchase.objects.filter(source="counter").exists()
    assert till.post("/counter/", kept).status_code == 302
    assert Account.objects.get(customer=thao).balance == 313


def test_the_preview_says_what_the_till_will_write(till: PageClient, thao: Customer) -> None:
    shown = till.get("/counter/preview", {"customer": thao.pk, "amount": "135.000"})

    assert text_after(shown, "<div") == (
        "+15 điểm cho lần này 135.000đ, cứ 10.000đ = 1 điểm 13 điểm"
        " Hạng Bạc, làm tròn xuống × 1,2 = 15,6 Cộng 15 điểm, thu 135.000đ Enter"
    )
    assert not Purchase.objects.filter(source="counter").exists()


@pytest.mark.parametrize(
    ("typed", "button"),
    [
        ("", "Ghi nhận Enter"),
        ("8.000", "Thu 8.000đ Enter"),
        ("abc", "Ghi nhận Enter"),
    ],
)
def test_the_preview_of_a_walk_in_promises_no_points(
    till: PageClient, typed: str, button: str
) -> None:
    shown = till.get("/counter/preview", {"customer": "", "amount": typed})

    assert shown.status_code == 200
    assert words(shown, of="button") == button


def test_only_sales_of_the_counter_have_a_result_page(till: PageClient, thao: Customer) -> None:
    imported = Purchase.objects.filter(source="test").first()
    assert imported is not None

    assert till.get(f"/counter/done/{imported.pk}").status_code == 404


def test_the_page_is_never_stored(till: PageClient) -> None:
    assert "no-store" in till.get("/counter/")["Cache-Control"]


def test_the_panel_asks_as_often_for_one_voucher_as_for_many(
    till: PageClient, thao: Customer
) -> None:
    counts = []
    for number in range(4):
        RewardFactory(key=f"reward-{number}", cost_points=10 + number)
        till.post(f"/counter/redeem/{thao.pk}/reward-{number}", {"reference": str(uuid4())})
        with CaptureQueriesContext(connection) as queries:
            till.get("/counter/", {"customer": thao.pk})
        counts.append(len(queries))

    assert counts[0] == counts[-1]
    assert counts[0] <= 13


def test_the_next_sale_of_staff_of_another_branch_is_theirs(
    till: PageClient, lan: User, thao: Customer
) -> None:
    other = BranchFactory(name="Hạ – Hàng Bông")
    User.objects.filter(pk=lan.pk).update(branch=other)

    sell(till, find(till, "0912345678"), "135000")

    assert Purchase.objects.get(source="counter").branch == other


def test_birthdays_soon_are_told_by_day_and_name(till: PageClient) -> None:
    soon = CustomerFactory(name="Đỗ Mai", birth_day=25, birth_month=11)
    today = CustomerFactory(name="Lê Anh", salutation="anh", birth_day=22, birth_month=11)
    later = CustomerFactory(name="Vũ Hà", birth_day=30, birth_month=11)
    # The 18th of the tenth lunar month is 26 November.
    lunar = CustomerFactory(name="Hồ Lan", birth_day=18, birth_month=10, birth_lunar=True)

    def shown(customer: Customer) -> str:
        return words(till.get("/counter/", {"customer": customer.pk}))

    assert "Sinh nhật 25/11. Nhớ chúc anh/chị Mai nhé." in shown(soon)
    assert "Hôm nay sinh nhật. Chúc mừng anh Anh nhé." in shown(today)
    assert "inh nhật" not in shown(later)
    assert "Sinh nhật 26/11. Nhớ chúc anh/chị Lan nhé." in shown(lunar)


def test_points_past_their_last_day_are_not_shown(till: PageClient, shop: object) -> None:
    customer = customer_with_points(40, expires_on=NOON.date().replace(day=21))

    assert "0 điểm" in words(till.get("/counter/", {"customer": customer.pk}))
