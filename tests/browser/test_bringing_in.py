"""An owner brings a file in with a real browser: the page follows the worker by itself."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from loyalty.purchases.models import Purchase
from loyalty.purchases.tasks import work_uploads
from loyalty.shop.models import User
from tests.browser.conftest import DESK, PHONE, Visit
from tests.factories.shop import StaffFactory, shop_with_programme

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOTEBOOK = (
    "Ngày bán,SĐT,Khách,Đã trả\n01/11/2026,912345678,Đỗ Hà,450.000\n02/11/2026,12345,An,5.000\n"
)


@pytest.fixture
def owner(visit: Visit, transactional_db: None) -> Visit:
    shop_with_programme()
    visit.sign_in(StaffFactory(role=User.Role.OWNER))
    return visit


def passes(visit: Visit, name: str) -> None:
    assert Axe().run(visit.page).response["violations"] == []
    visit.picture(name)


def worked(visit: Visit) -> None:
    """A worker has done what waits, and the page looks again."""
    work_uploads()
    visit.page.clock.fast_forward(2_000)


def test_a_notebook_is_understood_checked_brought_in_and_taken_back(owner, tmp_path):
    page = owner.page
    page.clock.install()
    page.set_viewport_size(PHONE)
    (tmp_path / "so.csv").write_text(NOTEBOOK, encoding="utf-8")
    owner.go("/owner/imports")
    passes(owner, "bring-in")

    page.get_by_label("Tệp gì, từ đâu").select_option("sales/")
    page.get_by_label("Tệp", exact=True).set_input_files(tmp_path / "so.csv")
    page.get_by_role("button", name="Kiểm tra tệp").click()
    page.get_by_text("Đang chờ đến lượt").wait_for()
    owner.picture("bring-in-waits")
    worked(owner)

    page.get_by_text("Chọn bên dưới mỗi cột là gì.").wait_for()
    passes(owner, "bring-in-columns")
    page.get_by_label("Đặt tên cho loại tệp này").fill("Sổ của Hạ")
    page.get_by_role("button", name="Lưu và kiểm tra tệp").click()
    page.get_by_text("Đang chờ đến lượt").wait_for()
    worked(owner)

    page.get_by_text("Chưa nhập gì vào cả.").wait_for()
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="dark")
    passes(owner, "bring-in-checked")
    page.get_by_role("button", name="Nhập, trừ các dòng bị bỏ").click()
    page.get_by_text("Đang chờ đến lượt").wait_for()
    worked(owner)

    page.get_by_label("Vì sao hoàn tác?").fill("Nhầm sổ")
    assert Purchase.objects.get().points == 45
    passes(owner, "bring-in-done")
    page.get_by_role("button", name="Hoàn tác").click()
    page.get_by_text("Đang chờ đến lượt").wait_for()
    worked(owner)

    page.get_by_text("Đã nhập, rồi hoàn tác").wait_for()
    assert not Purchase.objects.filter(stands=True).exists()
    assert owner.troubles == []
