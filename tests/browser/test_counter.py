"""A cashier with a queue: the keyboard alone, with script and without."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from customers.models import Customer
from loyalty.ledger.models import Account
from loyalty.purchases.models import Purchase
from rewards.models import Voucher
from tests.browser.conftest import DESK, Visit, type_where_focus_is
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "mot-ly-ca-phe-sua"


@pytest.fixture
def thao(transactional_db: None) -> Customer:
    """A shop with the cashier Lan and one customer of 150 points."""
    shop_with_programme()
    lan = StaffFactory(username="lan", branch=BranchFactory(name="Hạ – Nguyễn Trãi"))
    lan.set_password(PASSWORD)
    lan.save()
    RewardFactory(key="tra", name="Trà sen vàng", cost_points=120)
    return customer_with_points(150, name="Nguyễn Thu Thảo", salutation="chị", phone="+84912345678")


@pytest.fixture
def till(thao: Customer, visit: Visit) -> Page:
    """The till's page, in the hands of Lan."""
    return _sign_in(visit.page, visit.address)


@pytest.fixture
def plain_till(thao: Customer, browser: Browser, live_server) -> Iterator[Page]:
    """The same in a browser without script."""
    context = browser.new_context(viewport=DESK, java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield _sign_in(context.new_page(), live_server.url)
    context.close()


def _sign_in(page: Page, address: str) -> Page:
    page.goto(f"{address}/counter/")
    type_where_focus_is(page, "#username", "lan")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect_focus(page, "#find")
    page.wait_for_load_state("load")
    return page


def type_and_enter(page: Page, text: str) -> None:
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def expect_focus(page: Page, selector: str) -> None:
    expect(page.locator(selector)).to_be_focused()


def sell_by_keyboard(page: Page) -> None:
    """Phone, Enter, amount, Enter, and Enter again for the next customer."""
    expect_focus(page, "#find")
    type_and_enter(page, "0912345678")
    expect_focus(page, "#amount")
    type_and_enter(page, "135000")
    expect(page.get_by_role("heading", name="+13 điểm")).to_be_visible()
    expect(page.locator(".name")).to_have_text("Cảm ơn chị Thảo")
    page.keyboard.press("Enter")
    expect_focus(page, "#find")


def test_phone_enter_amount_enter(till: Page, thao: Customer) -> None:
    sell_by_keyboard(till)
    sell_by_keyboard(till)

    assert Purchase.objects.filter(customer=thao).count() == 2
    assert Account.objects.get(customer=thao).balance == 150 + 13 + 13


def test_the_same_without_script(plain_till: Page, thao: Customer) -> None:
    sell_by_keyboard(plain_till)

    assert Purchase.objects.get(customer=thao).points == 13


def test_finding_keeps_the_page_and_a_bill_already_typed(till: Page, thao: Customer) -> None:
    till.evaluate("window.stayed = true")
    till.keyboard.press("F4")
    type_where_focus_is(till, "#amount", "135000")
    expect(till.locator(".earn")).to_contain_text("Khách vãng lai, không tích điểm.")
    till.keyboard.press("F2")
    type_and_enter(till, "0912345678")

    expect(till.locator(".earn b")).to_have_text("+13")
    expect(till.locator(".earn .btn")).to_contain_text("Cộng 13 điểm, thu 135.000đ")
    assert till.locator("#amount").input_value() == "135.000"
    assert till.evaluate("window.stayed") is True
    assert till.url.endswith(f"/counter/?customer={thao.pk}")


def test_a_bill_typed_before_the_answer_came_loses_no_digit(till: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    till.route("**/counter/find", hold)
    type_where_focus_is(till, "#find", "0912345678")
    with till.expect_request("**/counter/find"):
        till.keyboard.press("Enter")
    type_and_enter(till, "135000")
    held[0].continue_()

    expect(till.locator(".earn b")).to_have_text("+13")
    assert till.locator("#amount").input_value() == "135000"
    expect_focus(till, "#amount")
    assert not Purchase.objects.exists()


def test_a_phone_not_yet_looked_for_is_found_before_the_bill_is_recorded(
    till: Page, thao: Customer
) -> None:
    type_where_focus_is(till, "#find", "0912345678")
    till.keyboard.press("F4")
    type_and_enter(till, "135000")
    expect(till.locator(".earn b")).to_have_text("+13")
    assert not Purchase.objects.exists()
    till.keyboard.press("Enter")
    expect(till.get_by_role("heading", name="+13 điểm")).to_be_visible()

    assert Purchase.objects.get().customer == thao


def test_dots_stand_between_thousands_after_leaving(till: Page) -> None:
    till.keyboard.press("F4")
    type_where_focus_is(till, "#amount", "1350000")
    assert till.locator("#amount").input_value() == "1350000"
    till.keyboard.press("F2")

    assert till.locator("#amount").input_value() == "1.350.000"


def test_the_keys_on_the_screen_type_the_bill(till: Page) -> None:
    for key in ("1", "3", "5", "000", "Xoá một số"):
        till.get_by_role("button", name=key, exact=True).click()

    assert till.locator("#amount").input_value() == "13.500"
    expect(till.locator(".earn b")).to_have_text("13.500đ")


def test_of_several_the_arrows_choose(till: Page, thao: Customer) -> None:
    CustomerFactory(name="Trần Thu Thảo")
    type_and_enter(till, "thu thao")
    expect(till.get_by_role("link", name="Nguyễn Thu Thảo")).to_be_focused()
    till.keyboard.press("ArrowDown")
    expect(till.get_by_role("link", name="Trần Thu Thảo")).to_be_focused()
    till.keyboard.press("ArrowDown")
    till.keyboard.press("Enter")

    expect(till.get_by_role("heading", name="Nguyễn Thu Thảo")).to_be_visible()
    expect_focus(till, "#amount")


def test_an_unknown_phone_is_a_member_after_two_enters(till: Page) -> None:
    type_and_enter(till, "0908123456")
    expect_focus(till, "#id_name")
    type_and_enter(till, "Đỗ Mai")
    expect(till.get_by_role("heading", name="Đỗ Mai")).to_be_visible()
    expect_focus(till, "#amount")

    assert Customer.objects.get(phone="+84908123456").name == "Đỗ Mai"


def test_keys_start_over_and_enrol(till: Page) -> None:
    type_and_enter(till, "0912345678")
    expect_focus(till, "#amount")
    till.keyboard.press("F6")
    expect_focus(till, "#id_phone")
    till.keyboard.press("Escape")
    expect_focus(till, "#find")
    expect(till.get_by_role("heading", name="Khách vãng lai")).to_be_visible()


def test_points_become_a_voucher_used_by_enter(till: Page, thao: Customer) -> None:
    type_and_enter(till, "0912345678")
    till.get_by_role("link", name="Đổi Trà sen vàng").click()
    expect(till.get_by_role("button", name="Đổi bằng 120 điểm")).to_be_focused()
    till.keyboard.press("Enter")
    expect(till.get_by_role("button", name="Dùng ưu đãi")).to_be_focused()
    till.keyboard.press("Enter")
    expect(till.locator(".note.good")).to_contain_text("Đã dùng ưu đãi")
    expect_focus(till, "#amount")

    assert Voucher.objects.get().state == Voucher.State.USED
    assert Account.objects.get(customer=thao).balance == 30


def test_an_impatient_double_enter_records_one_sale(till: Page, thao: Customer) -> None:
    type_and_enter(till, "0912345678")
    type_where_focus_is(till, "#amount", "135000")
    till.evaluate(
        "() => { const form = document.querySelector('[data-sale]');"
        " form.requestSubmit(); form.requestSubmit(); }"
    )
    expect(till.get_by_role("heading", name="+13 điểm")).to_be_visible()

    assert Purchase.objects.filter(customer=thao).count() == 1


def _refuse(route: Route) -> None:
    route.fulfill(status=503)


def test_a_lost_connection_shows_no_old_figure(till: Page, visit: Visit) -> None:
    type_and_enter(till, "0912345678")
    type_where_focus_is(till, "#amount", "135000")
    expect(till.locator(".earn b")).to_have_text("+13")
    till.route("**/counter/preview*", _refuse)
    till.keyboard.type("0")

    expect(till.locator(".earn .btn")).to_contain_text("Ghi nhận")
    assert till.locator(".earn b").count() == 0
    visit.troubles.clear()  # The browser's own word on the 503 we asked for.


def test_the_till_never_scrolls_at_the_counter(till: Page, thao: Customer) -> None:
    for number in range(5):
        RewardFactory(name=f"Quà {number}", cost_points=10 + number)
    today = timezone.now()
    Customer.objects.update(birth_day=today.day, birth_month=today.month)
    type_and_enter(till, "0912345678")
    type_where_focus_is(till, "#amount", "135000")
    expect(till.locator(".earn b")).to_have_text("+13")

    assert till.evaluate("document.documentElement.scrollHeight <= innerHeight")
