"""The page “Your data”: what owners take out, and nobody else."""

import csv
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from loyalty.programme.basket import Line
from loyalty.reports.models import Export
from loyalty.shop.models import User
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.sales import sell
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.support.pages import words

pytestmark = pytest.mark.django_db


def taken(client, file, **days):
    response = client.post("/owner/exports/file", {"file": file, **days})
    return response, b"".join(response.streaming_content)


def test_an_owner_takes_the_customers_out_for_excel_in_their_language(owner):
    CustomerFactory(name="Trần Bảo", phone="+84912345678")
    owner.cookies["language"] = "vi"

    response, body = taken(owner, "customers.csv")

    heading, row = csv.reader(StringIO(body.decode("utf-8-sig"), newline=""))
    assert dict(zip(heading, row, strict=True))["Điện thoại"] == "'+84912345678"
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="customers-2026-11-22.csv"'
    )
    assert "no-store" in response.headers["Cache-Control"]


def test_an_excel_file_of_some_days(owner):
    sell(None, Line(30_000), reference="today")
    sell(None, Line(30_000), reference="long ago", at=NOON.replace(year=2020))

    _response, body = taken(owner, "purchases.xlsx", since="2026-11-22", until="2026-11-22")

    rows = list(load_workbook(BytesIO(body)).active.values)
    assert [row[1] for row in rows] == ["Receipt", "today"]


def test_the_page_says_who_took_what(owner):
    taken(owner, "entries.csv", since="2026-11-01")

    page = words(owner.get("/owner/exports"))

    assert "Points, CSV" in page
    assert Export.objects.get().exported_by.first_name == "Hạ"


@pytest.mark.parametrize(
    "asked",
    [
        {"file": "users.csv"},
        {"file": "customers.pdf"},
        {},
        {"file": "customers.csv", "since": "2026-11-02", "until": "2026-11-01"},
        {"file": "customers.csv", "since": "0001-01-01"},
        {"file": "customers.csv", "until": "x"},
    ],
)
def test_what_cannot_be_is_said_and_nothing_goes_out(owner, asked):
    response = owner.post("/owner/exports/file", asked)

    assert response.status_code == 422
    assert not Export.objects.exists()


@pytest.mark.parametrize("role", [User.Role.CASHIER, User.Role.MANAGER])
def test_other_staff_take_nothing(client, role):
    shop_with_programme()
    client.force_login(StaffFactory(role=role))

    assert client.get("/owner/exports").status_code == 403
    assert client.post("/owner/exports/file", {"file": "customers.csv"}).status_code == 403
    assert not Export.objects.exists()


def test_who_is_no_owner_any_more_takes_nothing(owner):
    assert owner.get("/owner/exports").status_code == 200
    User.objects.update(role=User.Role.MANAGER)

    assert owner.post("/owner/exports/file", {"file": "customers.csv"}).status_code == 403
    assert not Export.objects.exists()


def test_a_stranger_signs_in_first(client):
    shop_with_programme()

    assert client.get("/owner/exports").status_code == 302
    assert client.post("/owner/exports/file", {"file": "customers.csv"}).status_code == 302
    assert not Export.objects.exists()


def test_a_link_takes_nothing(owner):
    assert owner.get("/owner/exports/file?file=customers.csv").url == "/owner/exports"
    assert owner.put("/owner/exports/file?file=customers.csv").status_code == 405


def test_one_file_after_another_goes_out_of_the_same_page(owner):
    """The script that lets forms be sent once leaves this one alone."""
    assert "data-download" in owner.get("/owner/exports").content.decode()
