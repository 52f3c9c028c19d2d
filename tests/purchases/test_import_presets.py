"""Our own maps are maps, and read what the other systems export."""

from datetime import date, datetime

import pytest
from django.core.management import call_command
from openpyxl import Workbook

from customers.models import Customer
from loyalty.ledger.models import Account
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.maps import layout_of, ready
from loyalty.purchases.models import Purchase, Refund
from tests.factories.shop import shop_with_programme


@pytest.mark.parametrize("about", About)
def test_every_ready_map_is_a_map(about):
    # Files that belong together are of one source: loyalty-lines and loyalty-returns of loyalty.
    for name in ready(about):
        assert name.startswith(layout_of(name, about).source)
    assert "kiotviet" in ready(about)


def book_of(path, *rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.django_db
def test_a_shop_moves_in_from_kiotviet(tmp_path):
    shop_with_programme()
    customers = book_of(
        tmp_path / "customers.xlsx",
        ["Mã khách hàng", "Tên khách hàng", "Điện thoại", "Ngày sinh", "Điểm hiện tại", "Tổng bán"],
        ["KH000001", "Đỗ Thị Hà", 912345678, date(1990, 9, 5), 35.0, 1_350_000],
    )
    header = ["Mã hóa đơn", "Thời gian", "Mã khách hàng", "Tên khách hàng", "Điện thoại"]
    header += [
        "Khách cần trả",
        "Trạng thái",
        "Mã hàng",
        "Tên hàng",
        "Số lượng",
        "Đơn giá",
        "Thành tiền",
    ]
    when = datetime(2026, 11, 20, 8, 15)  # noqa: DTZ001 - as a sheet has it
    who = ["KH000001", "Đỗ Thị Hà", "0912345678"]
    sales = book_of(
        tmp_path / "sales.xlsx",
        header,
        ["HD1", when, *who, 90_000, "Hoàn thành", "CF", "Cà phê", 2, 30_000, 60_000],
        ["HD1", when, *who, 90_000, "Hoàn thành", "TR", "Trà", 1, 40_000, 40_000],
        ["HD2", when, *who, 50_000, "Đã hủy", "CF", "Cà phê", 1, 50_000, 50_000],
        ["TH1", when, *who, 20_000, "Hoàn thành", "CF", "Cà phê", 1, 20_000, 20_000],
    )

    call_command("import_customers", str(customers), "--map=kiotviet")
    call_command("import_purchases", str(sales), "--map=kiotviet")

    assert Customer.objects.get().name == "Đỗ Thị Hà"
    assert (Purchase.objects.get().amount_minor, Refund.objects.get().amount_minor) == (
        90_000,
        20_000,
    )
    assert Account.objects.get().balance == 35 + 7


def test_a_map_that_lies_beside_the_file_goes_by_its_name(tmp_path):
    (tmp_path / "till.toml").write_text(
        'source = "till"\nanonymous = true\n[columns]\ndate.column = 1\namount.column = 2\n'
    )

    assert layout_of("till", About.SALES, beside=tmp_path / "sales.csv").source == "till"
