"""The owner's page in a real browser, on a phone and on a desk, light and dark, and on paper."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from loyalty.shop.models import User
from tests.browser.conftest import DESK, PHONE, Visit
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.reports.history import history

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

A4_WIDTH = 688  # CSS pixels of 210 mm less the margins of 14 mm.


@pytest.fixture
def owner(visit: Visit, transactional_db: None) -> Visit:
    shop_with_programme()
    history("2025-09-10 2025-10-10 2025-11-10\n2026-08-01 2026-09-10 2026-10-10 2026-11-10\n")
    visit.sign_in(StaffFactory(role=User.Role.OWNER))
    return visit


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")])
def test_the_page_passes_the_accessibility_rules(owner, size, scheme):
    owner.page.set_viewport_size(size)
    owner.page.emulate_media(color_scheme=scheme)
    owner.go("/owner/")
    for closed in owner.page.locator("summary").all():
        closed.click()

    assert Axe().run(owner.page).response["violations"] == []
    assert owner.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_another_period_is_asked_for_by_the_form(owner):
    owner.go("/owner/")

    owner.page.get_by_label("Từ ngày").fill("2026-08-01")
    owner.page.get_by_role("button", name="Xem", exact=True).click()

    owner.page.wait_for_url("**since=2026-08-01**")
    owner.page.get_by_text("01/08/2026 –").wait_for()


def test_nothing_runs_off_the_paper(owner):
    owner.page.set_viewport_size({"width": A4_WIDTH, "height": 1000})
    owner.go("/owner/")

    owner.page.emulate_media(media="print")

    assert owner.page.evaluate("document.documentElement.scrollWidth") <= A4_WIDTH
    assert not owner.page.get_by_role("button", name="Xem", exact=True).is_visible()
