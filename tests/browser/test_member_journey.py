"""A member's whole visit in a real browser, on a phone and on a desk, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from celery import current_app
from playwright.sync_api import Page

from customers import signin
from customers.models import Consent, SignInChallenge
from rewards.models import Redemption
from tests.browser.conftest import DESK, PHONE, Visit, type_where_focus_is
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def member(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # The code is read from the challenge; no worker need be woken to send it.
    monkeypatch.setattr(current_app.conf, "broker_url", "memory://")
    shop_with_programme()
    give_points(CustomerFactory(phone="+84912345678", name="Nguyễn Thu Thảo"), 286)
    RewardFactory(key="tea", name="Trà sen vàng", cost_points=120)
    RewardFactory(key="bag", name="Túi vải", cost_points=320)


def sign_in(visit: Visit) -> None:
    visit.go("/rewards")
    page = visit.page
    page.get_by_label("Số điện thoại hoặc email").fill("0912 345 678")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code")
    # The box has the focus: the phone's keyboard offers the code at once.
    type_where_focus_is(page, "#id_code", signin.code_of(SignInChallenge.objects.latest("pk")))
    page.keyboard.press("Enter")
    page.wait_for_url("**/rewards")


def look_at(page: Page) -> None:
    """What must hold on any page, whatever it shows."""
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")])
def test_a_visit(visit: Visit, size: dict[str, int], scheme: str) -> None:
    page = visit.page
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    visit.go("/")
    look_at(page)
    sign_in(visit)
    look_at(page)

    page.get_by_label("Đổi Trà sen vàng").click()
    look_at(page)
    page.get_by_role("button", name="Đổi bằng 120 điểm").dblclick()
    page.wait_for_url("**/vouchers/*")
    look_at(page)
    assert Redemption.objects.count() == 1

    for path in ("/", "/card", "/history", "/vouchers", "/terms", "/me"):
        visit.go(path)
        look_at(page)
    page.get_by_label("Qua tin nhắn SMS").check()
    page.get_by_role("button", name="Lưu").click()
    page.get_by_text("Đã lưu.").wait_for()
    assert Consent.objects.get().granted


def test_the_language_switch_keeps_the_page(visit: Visit) -> None:
    sign_in(visit)

    visit.page.get_by_role("link", name="EN – English").click()

    visit.page.get_by_role("heading", name="Rewards", exact=True).wait_for()
    assert visit.page.url.endswith("/rewards")
    assert visit.page.locator("html").get_attribute("lang") == "en"


def test_the_code_is_large_enough_to_be_scanned(visit: Visit) -> None:
    visit.page.set_viewport_size(PHONE)
    sign_in(visit)

    visit.go("/card")

    box = visit.page.locator(".qr").bounding_box()
    assert box is not None
    assert box["width"] == box["height"] >= 280
