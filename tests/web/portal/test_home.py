"""The front page: a card for a member, an invitation for a stranger."""

from datetime import date

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.models import Customer
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.refunds import purchase_of, refund_purchase
from tests.factories.clock import NOON
from tests.factories.customers import give_points
from tests.factories.rewards import RewardFactory
from tests.faults.deeds import spend
from tests.support.pages import PageClient, words


def buy(member: Customer, amount_minor: int, reference: str = "R-1") -> None:
    record_purchase(
        source="till",
        reference=reference,
        customer=member,
        branch=None,
        bill=Bill.of_total(amount_minor),
        at=NOON,
        recorded_at=NOON,
        by=None,
    )


def test_a_stranger_reads_what_the_programme_gives(client: PageClient, shop: object) -> None:
    RewardFactory(name="Trà sen vàng", cost_points=120)

    response = client.get("/")

    assert words(response, of="h1") == "Tích điểm ở Cà phê Hạ"
    page = words(response)
    assert (
        "10.000đ = 1 điểm Điểm dùng được 12 tháng, tính đến cuối tháng. Đăng nhập xem điểm" in page
    )
    assert "Trà sen vàng 120 điểm" in page
    assert "Bạc 1.000.000đ 1,2" in page


def test_a_stranger_reads_it_in_english(client: PageClient, shop: object) -> None:
    client.cookies["language"] = "en"

    response = client.get("/")

    assert words(response, of="h1") == "Collect points at Cà phê Hạ"
    page = words(response)
    assert "10,000đ = 1 point Points last 12 months, to the end of that month." in page
    assert "Silver 1,000,000đ 1.2" in page
    assert '<html lang="en">' in response.content.decode()


def test_a_member_sees_balance_tier_and_the_way_up(browser: PageClient, member: Customer) -> None:
    buy(member, 1_650_000)
    buy(member, 1_000_000, "R-2")

    card = words(browser.get("/"), of="section")

    assert card == (
        "Chào Thảo Hạng Bạc 285 điểm Còn 350.000đ nữa để lên hạng Vàng"
        " Đã mua 2.650.000đ 3.000.000đ Đưa mã cho thu ngân"
    )


def test_a_member_sees_it_in_english(english: PageClient, member: Customer) -> None:
    buy(member, 2_650_000)

    card = words(english.get("/"), of="section")

    assert card == (
        "Hello Thảo Silver tier 265 points 350,000đ more to reach Gold"
        " 2,650,000đ spent 3,000,000đ Show code at the till"
    )


def test_the_way_up_is_a_progress_bar_that_starts_where_the_member_is(
    browser: PageClient, member: Customer
) -> None:
    buy(member, 2_650_000)

    assert '<progress max="3000000" value="2650000"' in browser.get("/").content.decode()


def test_the_highest_tier_asks_for_nothing_more(browser: PageClient, member: Customer) -> None:
    buy(member, 8_000_000)

    card = words(browser.get("/"), of="section")

    assert card == "Chào Thảo Hạng Kim cương 800 điểm Đưa mã cho thu ngân"


def test_points_that_end_soon_are_said_with_what_they_pay(
    browser: PageClient, member: Customer
) -> None:
    RewardFactory(name="Bánh mì que", cost_points=40)
    RewardFactory(name="Trà sen vàng", cost_points=41)
    give_points(member, 40, expires_on=date(2026, 11, 30))
    give_points(member, 200, expires_on=date(2027, 11, 30))

    page = words(browser.get("/"))

    assert "40 điểm hết hạn ngày 30/11 Đủ đổi Bánh mì que" in page


def test_points_that_end_later_are_not_worth_a_word(browser: PageClient, member: Customer) -> None:
    give_points(member, 40, expires_on=date(2027, 1, 31))

    assert "hết hạn ngày" not in words(browser.get("/"))


def test_points_past_their_last_day_are_not_counted(browser: PageClient, member: Customer) -> None:
    give_points(member, 40, expires_on=date(2026, 11, 21))
    give_points(member, 2, expires_on=date(2027, 1, 31))

    assert words(browser.get("/"), of="h1") == "2 điểm"


def test_a_member_without_points_reads_the_next_step(browser: PageClient) -> None:
    page = words(browser.get("/"))

    assert "Chưa có điểm nào Đọc số điện thoại khi trả tiền, điểm vào đây ngay." in page


def test_the_next_reward_is_said_in_points_and_money(browser: PageClient, member: Customer) -> None:
    RewardFactory(name="Túi vải Hạ", cost_points=320)
    buy(member, 2_650_000)
    buy(member, 180_000, "R-2")

    # 265 + 18 × 1,2 = 286; 34 ÷ 1,2 = 28,33 steps of 10.000đ, rounded up.
    assert "Túi vải Hạ Còn 34 điểm · khoảng 290.000đ nữa" in words(browser.get("/"))


def test_a_name_is_shown_as_text_whatever_it_holds(browser: PageClient, member: Customer) -> None:
    member.name = "<script>alert(1)</script>"
    member.save()

    assert b"<script>alert" not in browser.get("/").content
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in browser.get("/me").content


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_queries_for_many_entries_as_for_few(
    browser: PageClient,
    member: Customer,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    RewardFactory.create_batch(count)
    for number in range(count):
        buy(member, 100_000, f"R-{number}")
    browser.get("/")  # The programme is read once and kept.

    with django_assert_num_queries(8):
        browser.get("/")


def test_pending_points_and_what_is_owed_are_said_in_words(
    browser: PageClient, member: Customer
) -> None:
    give_points(member, 286)
    give_points(member, 6, usable_from=date(2026, 11, 23), reference="pending")

    card = words(browser.get("/"), of="section")

    assert card.startswith("Chào Thảo Hạng Mới 286 điểm Thêm 6 điểm dùng được từ 23/11 Còn")


def test_what_a_refund_left_owed_is_said_with_how_it_is_repaid(
    browser: PageClient, member: Customer
) -> None:
    buy(member, 100_000)
    spend(member, 8, "spent")
    refund_purchase(
        purchase=purchase_of(source="till", reference="R-1"),
        amount_minor=100_000,
        source="till",
        reference="back",
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )

    home = words(browser.get("/"))
    assert "0 điểm Đang thiếu 8 điểm do trả hàng, điểm tích tới sẽ bù trước" in home
    history = words(browser.get("/history"))
    assert "Trả hàng 100.000đ" in history
    assert "Còn thiếu, điểm tích tới sẽ bù 8" in history

    buy(member, 100_000, "R-2")

    assert "Trong đó, bù phần còn thiếu 8" in words(browser.get("/history"))
