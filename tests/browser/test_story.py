"""
The whole story, in a real browser: a shop's history goes in, a sale lifts a customer to a tier,
points become a voucher, the voucher is used, the member signs in and sees it all, a birthday
message arrives over SMTP, and the owner reads who came back.
"""

from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from campaigns.defaults import ensure_campaigns
from campaigns.mailbox import read_mailbox
from campaigns.models import Message
from customers.models import Consent, Customer
from customers.services import record_consent
from loyalty.dates import local_date
from loyalty.ledger.models import Entry
from loyalty.purchases.models import Purchase
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from rewards.models import Voucher
from tests.browser.conftest import type_where_focus_is
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme
from tests.support.mail import HOST, mail_server

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "mot-ly-ca-phe-sua"

MAP = """
source = "so-tay"
[columns]
customer = { column = "khach" }
phone = { column = "dien thoai" }
name = { column = "ten" }
date = { column = "ngay", format = "%d/%m/%Y" }
amount = { column = "tien" }
"""


def history(tmp_path: Path) -> tuple[Path, Path]:
    """A notebook of two years: Thảo came ten times, eleven others once or twice."""
    today = timezone.now().date()
    rows = [("1", "0912 345 678", "Nguyễn Thu Thảo", 30 * n, 95_000) for n in range(1, 11)]
    for other in range(2, 13):
        who = (str(other), f"0987 654 3{other:02d}", f"Lê Văn Bình {other}")
        rows += [(*who, 40 * other, 60_000)] + [(*who, 20 * other, 45_000)] * (other % 2)
    sheet, layout = tmp_path / "so-tay.csv", tmp_path / "so-tay.toml"
    lines = [
        f"{key},{phone},{name},{today - timedelta(days=days):%d/%m/%Y},{amount}"
        for key, phone, name, days, amount in rows
    ]
    sheet.write_text("\n".join(["khach,dien thoai,ten,ngay,tien", *lines]), encoding="utf-8")
    layout.write_text(MAP, encoding="utf-8")
    return sheet, layout


def staff(role, username, branch):
    user = StaffFactory(username=username, role=role, branch=branch, first_name="Lan")
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(visit, username, path):
    visit.page.context.clear_cookies()
    visit.go(path)
    visit.page.fill("#username", username)
    visit.page.fill("#password", PASSWORD)
    with visit.page.expect_navigation():
        visit.page.keyboard.press("Enter")


@pytest.fixture
def shop(transactional_db, settings, tmp_path):
    settings.DEMO = True
    settings.SMS_BACKEND = "file"
    settings.MAILBOX_DIR = str(tmp_path / "mailbox")
    shop_with_programme()
    ensure_campaigns()
    branch = BranchFactory(key="nguyen-trai", name="Hạ – Nguyễn Trãi")
    staff(User.Role.CASHIER, "lan", branch)
    staff(User.Role.OWNER, "chu", None)
    RewardFactory(key="banh-mi", name="Bánh mì que", cost_points=40, icon="bread")
    RewardFactory(key="tra-sen", name="Trà sen vàng", cost_points=120, icon="glass")


def test_from_a_notebook_to_the_owners_page(shop, visit, settings, tmp_path):
    _history_goes_in(tmp_path)
    _a_sale_lifts_thao_to_silver(visit)
    _points_become_a_voucher_that_is_used(visit)
    _thao_signs_in_by_code(visit)
    _the_birthday_letter_arrives(settings)
    _the_owner_reads_who_came_back(visit)
    call_command("verify_ledger")


def _history_goes_in(tmp_path):
    sheet, layout = history(tmp_path)
    for _run in range(2):
        call_command("import_purchases", str(sheet), "--map", str(layout))
    assert Purchase.objects.count() == 10 + 11 + 5
    assert Customer.objects.count() == 12


def _a_sale_lifts_thao_to_silver(visit):
    sign_in(visit, "lan", "/counter/")
    visit.picture("counter-empty")
    page = visit.page
    type_where_focus_is(page, "#find", "0912345678")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Nguyễn Thu Thảo").wait_for()
    assert page.locator(".bal b").inner_text() == "90"
    type_where_focus_is(page, "#amount", "135000")
    page.locator(".earn", has_text="+13").wait_for()
    visit.picture("counter-sale")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="+13 điểm").wait_for()
    assert "Vừa lên hạng Bạc" in page.locator(".next").inner_text()
    visit.picture("counter-done")
    page.keyboard.press("Enter")
    page.locator("#find").wait_for()
    thao = Customer.objects.get(phone="+84912345678")
    assert (thao.account.balance, thao.standing.tier_key) == (103, "bac")


def _points_become_a_voucher_that_is_used(visit):
    page = visit.page
    type_where_focus_is(page, "#find", "0912345678")
    page.keyboard.press("Enter")
    with page.expect_navigation():
        page.get_by_role("link", name="Đổi Bánh mì que").click()
    visit.picture("counter-redeem")
    page.get_by_role("button", name="Đổi").click()
    page.get_by_role("button", name="Dùng ưu đãi").wait_for()
    visit.picture("counter-voucher")
    with page.expect_navigation():
        page.get_by_role("button", name="Dùng ưu đãi").click()
    voucher = Voucher.objects.get()
    assert (voucher.state, voucher.used_by.username) == ("used", "lan")
    assert Entry.objects.filter(kind="redeem").get().points == -40


def _thao_signs_in_by_code(visit):
    page = visit.page
    page.context.clear_cookies()
    visit.go("/sign-in")
    page.locator("[name=identifier]").fill("0912 345 678")
    visit.picture("portal-sign-in")
    page.keyboard.press("Enter")
    page.locator("[name=code]").wait_for()
    call_command("send_messages")
    code = "".join(filter(str.isdigit, read_mailbox(limit=1)[0].text))[:6]
    page.locator("[name=code]").fill(code)
    page.keyboard.press("Enter")
    page.get_by_text("63").first.wait_for()
    visit.picture("portal-home")
    for path in ("card", "history", "rewards", "vouchers", "me"):
        visit.go(f"/{path}")
        visit.picture(f"portal-{path}")


def _the_birthday_letter_arrives(settings):
    thao = Customer.objects.get(phone="+84912345678")
    zone = get_shop().zone
    tomorrow = local_date(timezone.now(), zone) + timedelta(days=1)
    Customer.objects.filter(pk=thao.pk).update(
        email="thao@example.com", birth_day=tomorrow.day, birth_month=tomorrow.month
    )
    record_consent(
        customer=thao,
        channel=Consent.Channel.EMAIL,
        granted=True,
        wording="2026-11",
        means=Consent.Means.COUNTER,
        at=timezone.now(),
        by=None,
    )
    noon = datetime.combine(tomorrow, time(12), tzinfo=zone).isoformat()
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, server.port
        for _run in range(2):
            call_command("run_journeys", "--at", noon)
            call_command("send_messages", "--at", noon)
        letters = list(server.letters)
    assert [letter["To"] for letter in letters] == ["thao@example.com"]
    assert letters[0]["Subject"].startswith("[QC] Chúc mừng sinh nhật")
    assert Message.objects.get(channel="email").state == "sent"


def _the_owner_reads_who_came_back(visit):
    sign_in(visit, "chu", "/owner/")
    page = visit.page
    page.get_by_role("heading", name="Giữ chân khách", exact=True).wait_for()
    page.get_by_role("table").first.wait_for()
    visit.picture("owner-retention")
