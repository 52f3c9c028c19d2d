"""A bill with money off, a voucher and points that pay a part, each by one tap at the till."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from loyalty.ledger.models import Account
from loyalty.purchases.models import Purchase
from rewards.models import Voucher
from tests.browser.conftest import Visit, type_where_focus_is
from tests.factories.customers import customer_with_points
from tests.factories.shop import STARTERS, BranchFactory, StaffFactory, shop_with_programme
from tests.factories.vouchers import reward_of, voucher_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "mot-ly-ca-phe-sua"
RULES = """
[[discounts]]
key = "sen"
name = "Mùa sen"
percent = 10

[pay]
money_minor = 500
step = 10
minimum = 20
"""


def test_one_tap_each_takes_a_voucher_off_and_pays_with_points(
    transactional_db: None, visit: Visit
) -> None:
    shop_with_programme((STARTERS / "cafe.toml").read_text(encoding="utf-8") + RULES)
    lan = StaffFactory(username="lan", branch=BranchFactory(name="Hạ – Nguyễn Trãi"))
    lan.set_password(PASSWORD)
    lan.save()
    thao = customer_with_points(150, name="Nguyễn Thu Thảo", salutation="chị", phone="+84912345678")
    voucher = voucher_of(thao, reward_of(name="Giảm 20.000đ"), issued_at=timezone.now())
    Voucher.objects.update(expires_on=timezone.now().date() + timedelta(days=9))
    page = visit.page
    visit.go("/counter/")
    type_where_focus_is(page, "#username", "lan")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    type_where_focus_is(page, "#find", "0912345678")
    page.keyboard.press("Enter")

    type_where_focus_is(page, "#amount", "200000")
    panel = page.locator(".earn")
    expect(panel).to_contain_text("Mùa sen")
    expect(panel).to_contain_text("thu 180.000đ")
    off = page.get_by_role("link", name="Trừ ưu đãi")
    off.click()
    expect(panel).to_contain_text("thu 160.000đ")
    off.click()
    expect(panel).to_contain_text("thu 180.000đ")
    off.click()
    expect(page.locator("#amount")).to_be_focused()
    panel.get_by_role("button", name="150 điểm = 75.000đ").click()

    expect(panel).to_contain_text("thu 85.000đ")
    expect(page.locator("#spend")).to_have_value("150")
    visit.picture("counter-paying")
    panel.get_by_role("button", name="thu 85.000đ").click()
    expect(page.locator("main")).to_contain_text("Thu 85.000đ")
    visit.picture("counter-paid")
    sale = Purchase.objects.get()
    assert (sale.amount_minor, sale.spent_points, sale.spent_minor) == (160_000, 150, 75_000)
    assert Account.objects.get(customer=thao).balance == sale.points == 8
    voucher.refresh_from_db()
    assert voucher.state == Voucher.State.USED
