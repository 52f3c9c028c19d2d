"""The rows that an upload leaves out: all of them, in the language of whoever reads."""

import csv
import io

import pytest
from django.urls import reverse

from customers.identity import show_card_number
from customers.models import Customer
from loyalty.purchases.imports import uploading, working
from loyalty.purchases.imports.leftout import Packer, unpacked
from loyalty.purchases.imports.refusals import Refusal
from loyalty.purchases.models import Upload
from loyalty.purchases.tasks import work_uploads
from loyalty.shop.models import User
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import StaffFactory
from tests.faults.deeds import spend
from tests.support.pages import words

pytestmark = pytest.mark.django_db
HEADER = "phone,name,date,amount,reference\n"


@pytest.fixture
def owner(owner):
    owner.cookies["language"] = "vi"
    return owner


def checked(rows, *, about="sales", header=HEADER, language="vi"):
    upload = uploading.receive(
        about=about, map_name="", file_name="a.csv", content=(header + rows).encode(),
        language=language, at=NOON, by=User.objects.first(),
    )  # fmt: skip
    assert working.work(upload_id=upload.pk, at=NOON)
    return f"/owner/imports/{upload.pk}"


def left_out(client, page):
    response = client.get(f"{page}/left-out.csv")
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_a_reason_is_said_in_the_language_of_the_reader_whoever_handed_the_file_in(owner):
    page = checked(
        "12345,An,2026-11-21,50000,A1\n0912345678,An,21/11/2026,5,A2\n0912345678,An,2026-11-21,x,A3\n"
    )

    assert left_out(owner, page) == [
        ["Dòng", "Cột", "Lý do"],
        ["2", "Điện thoại", "Số này thiếu 4 chữ số. Số di động có 10 chữ số."],
        [
            "3",
            "Ngày",
            "viết kiểu ngày/tháng/năm: chọn lại cách ghi ngày"
            ' (trong tệp mẫu cột: format = "%d/%m/%Y", kèm giờ nếu có)',
        ],
        ["4", "Thành tiền", "không phải số tiền"],
    ]
    owner.cookies["language"] = "en"
    assert left_out(owner, page) == [
        ["Line", "Field", "Why"],
        ["2", "Phone", "4 digits are missing. Mobile numbers have 10."],
        ["3", "Date", 'say format = "%d/%m/%Y" in the map, with its times'],
        ["4", "Amount", "not an amount of money"],
    ]
    assert "2 Phone 4 digits are missing." in words(owner.get(page))


def test_a_file_that_cannot_be_read_says_why_to_each_reader(owner):
    page = checked("\n", header="%PDF-1.7")

    assert "Đây là tệp PDF" in words(owner.get(page))
    owner.cookies["language"] = "en"
    assert "This is a PDF" in words(owner.get(page))


def test_the_page_shows_the_first_fifty_and_the_list_has_all(owner):
    page = checked("".join(f"1,An,2026-11-21,5000,A{n}\n" for n in range(1_200)))

    owner.cookies["language"] = "en"
    said = words(owner.get(page))
    assert "51 Phone" in said
    assert "52 Phone" not in said
    assert "The first 50 of 1,200 rows." in said
    rows = left_out(owner, page)
    assert (len(rows), rows[-1][0]) == (1_201, "1201")
    assert len(Upload.objects.get().refused_rows) < 8_000


def test_nothing_in_the_list_is_a_formula():
    packer = Packer()
    packer(Refusal(1, "=field", "=1+1"))
    assert list(unpacked(packer.content())) == [Refusal(1, "=field", "=1+1")]
    assert list(unpacked(b"")) == []


def test_a_formula_in_a_reason_stays_a_text(owner):
    page = checked("", about="sales")
    packer = Packer()
    packer(Refusal(7, "=1+1", "=cmd"))
    Upload.objects.update(refused_rows=packer.content())

    assert left_out(owner, page)[1] == ["7", "'=1+1", "'=cmd"]


def test_customers_files_have_such_a_list_too(owner):
    owner.cookies["language"] = "en"
    page = checked(
        "0912345678,An,x\n,Bo,5\n", about="customers", header="phone,name,points\n", language="vi"
    )

    assert left_out(owner, page)[1:] == [
        ["2", "Points", "not a whole number of points, from zero up"],
        ["3", "Phone", "no phone, e-mail or number of the customer"],
    ]


@pytest.mark.parametrize("role", [User.Role.CASHIER, User.Role.MANAGER])
def test_owners_alone_have_the_list(owner, role):
    page = checked("1,An,2026-11-21,5000,A1\n")
    owner.force_login(StaffFactory(role=role))

    assert owner.get(f"{page}/left-out.csv").status_code == 403


def test_who_may_be_one_person_is_shown_to_be_looked_at(owner):
    known = CustomerFactory(name="Đỗ Hà", phone="+84912345678")
    owner.cookies["language"] = "en"
    rows = "0912345687,do ha,2026-11-21,50000,A1\n0987654321,Ân,2026-11-21,5000,A2\n"

    page = checked(rows + "0987654312,An,2026-11-21,5000,A3\n")

    said = words(owner.get(page))
    assert "Perhaps the same person twice 2" in said
    card = show_card_number(known.card_number)
    assert f"Line 2 Card {card} · Đỗ Hà Line 3 Line 4" in said
    Upload.objects.update(doubles=[])
    assert "Nobody is merged by this" not in words(owner.get(page))


def test_those_of_a_file_of_customers_can_be_opened_once_it_is_in(owner):
    owner.cookies["language"] = "en"
    page = checked(
        "0987654321,Ân,5\n0987654312,An,5\n", about="customers", header="phone,name,points\n"
    )
    assert "Line 2 Line 3" in words(owner.get(page))

    owner.post(f"{page}/bring")
    work_uploads()

    first, second = Customer.objects.order_by("pk")
    response = owner.get(page)
    assert "Line 2 · Ân Line 3 · An" in words(response)
    for customer in (first, second):
        address = reverse("admin:customers_customer_change", args=[customer.pk])
        assert address in response.content.decode()
        assert owner.get(address).status_code == 200


def done(client, rows, **told):
    page = checked(rows, **told)
    client.post(f"{page}/bring")
    work_uploads()
    return page


def test_why_a_file_cannot_be_taken_back_is_said_to_each_reader(owner):
    page = done(owner, "0912345678,An,2026-11-20,450000,A1\n")
    spend(Customer.objects.get(), 40, "r1")

    owner.post(f"{page}/undo", {"reason": "Nhầm"})
    work_uploads()

    assert "A1: điểm của hoá đơn này đã được dùng" in words(owner.get(page))
    owner.cookies["language"] = "en"
    assert "Sales that something was built on since: 1." in words(owner.get(page))
    assert "A1: its points have been used" in words(owner.get(page))


def test_a_sale_without_a_receipt_number_is_named_by_what_a_person_knows_of_it(owner):
    rows = "0912345678,An,2026-11-20T10:30,450000\n"
    page = done(owner, rows, header="phone,name,date,amount\n")
    customer = Customer.objects.get()
    spend(customer, 40, "r1")

    owner.post(f"{page}/undo", {"reason": "Nhầm"})
    work_uploads()

    card = show_card_number(customer.card_number)
    said = words(owner.get(page))
    assert f"20/11/2026, 450.000đ, thẻ {card}: điểm của hoá đơn này đã được dùng" in said
    assert "Nhầm" not in said


def test_points_of_a_file_of_customers_that_were_used_are_named_by_the_card(owner):
    page = done(owner, "0912345678,An,45\n", about="customers", header="phone,name,points\n")
    customer = Customer.objects.get()
    spend(customer, 40, "r1")
    owner.cookies["language"] = "en"

    owner.post(f"{page}/undo", {"reason": "Nhầm"})
    work_uploads()

    card = show_card_number(customer.card_number)
    assert f"{card}: its points have been used" in words(owner.get(page))


def test_a_return_that_cannot_be_is_named_in_the_readers_language(owner):
    page = checked(
        "0912345678,An,2026-11-20,50000,A1\n0912345678,An,2026-11-21,-60000,A1\n"
        "0912345678,An,2026-11-21,-60000,B7\n"
    )

    vietnamese = left_out(owner, page)[1:]
    owner.cookies["language"] = "en"
    english = left_out(owner, page)[1:]

    assert [row[0] for row in english] == ["3", "4"]
    assert english[1][2] == "no sale is known that this gives back"
    assert all(one[2] != other[2] for one, other in zip(vietnamese, english, strict=True))
