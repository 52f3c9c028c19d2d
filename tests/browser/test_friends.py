"""Bringing a friend and filling a stamp card, as members and strangers see them."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from customers import signin
from rewards.referrals import code_of
from tests.browser.conftest import DESK, PHONE, Visit
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import RULES, SECTION
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.factories.stamps import CARD, drink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def shop(transactional_db):
    RewardFactory(key="ca-phe-den", name="Cà phê đen", cost_points=50)
    shop_with_programme(f"{RULES}{SECTION}wait_days = 14\n{CARD}valid_days = 180\n")


def look_at(visit: Visit) -> None:
    assert Axe().run(visit.page).response["violations"] == []
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")])
def test_codes_and_cards(visit: Visit, size: dict[str, int], scheme: str) -> None:
    page = visit.page
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    friend, member = CustomerFactory(), CustomerFactory(name="Nguyễn Thu Thảo")
    visit.go(f"/refer?code={code_of(friend)}")
    look_at(visit)
    visit.picture("invited")

    page.context.add_cookies(
        [
            {
                "name": settings.MEMBER_COOKIE_NAME,
                "value": signin.open_session(customer=member, at=NOON.replace(year=2030)),
                "url": visit.address,
            }
        ]
    )
    visit.go(f"/refer?code={code_of(friend)}")
    look_at(visit)
    visit.picture("refer")
    page.get_by_role("button", name="Lưu").click()
    page.get_by_text("Cảm ơn bạn.").wait_for()
    look_at(visit)

    drink(member, 7)
    for path in ("/", "/terms", "/me"):
        visit.go(path)
        look_at(visit)
    visit.go("/")
    visit.picture("stamps")
