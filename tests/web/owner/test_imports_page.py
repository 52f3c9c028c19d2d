"""The page “Bring files in”: checked, looked at, brought in, taken back; by owners alone."""

import csv
import io
from datetime import timedelta
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, transaction
from openpyxl import Workbook

from customers.models import Customer
from loyalty.errors import InvalidInput
from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.purchases.imports import uploading, working
from loyalty.purchases.imports.turns import ImportRunning
from loyalty.purchases.imports.watching import progress_of, watched
from loyalty.purchases.models import ImportBatch, Purchase, Upload
from loyalty.purchases.tasks import work_uploads
from loyalty.shop.models import User
from tests.factories.clock import NOON
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.faults.deeds import spend
from tests.support.pages import words

pytestmark = pytest.mark.django_db
SALES = (
    "phone,name,date,amount,reference\n"
    "0912345678,Đỗ Hà,2026-11-20,450000,A1\n"
    "912345678,Đỗ Hà,2026-11-21,650000,A2\n"
    "12345,An,2026-11-21,50000,A3\n"
)
MEMBERS = "phone,name,points\n0912345678,Đỗ Hà,45\n0987654321,An,5\n"


def hand_in(owner, content=SALES, kind="sales/", name="bán hàng.csv"):
    """The page of the file, once a worker has looked at it."""
    data = content if isinstance(content, bytes) else content.encode()
    response = owner.post("/owner/imports", {"kind": kind, "file": SimpleUploadedFile(name, data)})
    assert response.status_code == 302, words(response)
    work_uploads()
    return response.url


def do(owner, page, act, **told):
    response = owner.post(f"{page}/{act}", told)
    work_uploads()
    return response


def test_a_file_of_which_all_is_here_says_so(owner):
    first = hand_in(owner)
    assert "Nothing in this file is new." not in words(owner.get(first))
    do(owner, first, "bring")

    page = owner.get(hand_in(owner, SALES + "\n"))

    assert page.context["has_news"] is False
    assert "Nothing in this file is new." in words(page)


def test_an_address_that_a_form_was_sent_to_leads_to_its_page(owner):
    page = hand_in(owner)
    for act in ("bring", "undo", "drop", "go-on"):
        assert owner.get(f"{page}/{act}").url == page
    assert owner.put(f"{page}/undo").status_code == 405
    assert Upload.objects.get().state == "checked"


def test_a_file_is_checked_first_and_nothing_is_brought_in(owner):
    page = owner.get(hand_in(owner))

    assert not Customer.objects.exists()
    assert not ImportBatch.objects.exists()
    said = words(page)
    assert "Nothing has been brought in yet." in said
    assert "Rows read 3 New sales 2 New customers 1 Points given 110 Rows left out 1" in said
    assert "Customers who reach Silver 1" in said
    assert "4 Phone 4 digits are missing. Mobile numbers have 10." in said
    assert "comma" not in said
    assert "utf-8, columns separated by “,”" in said


def test_then_it_is_brought_in_without_the_rows_that_were_named(owner):
    page = hand_in(owner)

    do(owner, page, "bring")

    assert Purchase.objects.count() == 2
    assert Account.objects.get().balance == 45 + 65
    batch = ImportBatch.objects.get()
    assert (batch.file_name, batch.recorded_by.first_name) == ("bán hàng.csv", "Hạ")
    upload = Upload.objects.get()
    assert (upload.state, upload.content, upload.batch) == ("done", None, batch)
    assert "What was brought in" in words(owner.get(page))


def test_an_excel_file_is_brought_in_as_well(owner):
    page = hand_in(owner, workbook(*csv.reader(SALES.splitlines())), name="bán hàng.xlsx")
    said = words(owner.get(page))
    assert "Excel file" in said
    assert "Rows read 3 New sales 2 New customers 1 Points given 110 Rows left out 1" in said

    do(owner, page, "bring")

    assert Account.objects.get().balance == 45 + 65


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_it_is_taken_back_with_a_reason(owner):
    page = hand_in(owner)
    do(owner, page, "bring")

    assert do(owner, page, "undo", reason=" ").status_code == 422
    assert Upload.objects.get().state == "done"
    do(owner, page, "undo", reason="Nhầm tệp")

    assert not Purchase.objects.filter(stands=True).exists()
    assert Account.objects.get().balance == 0
    assert ImportBatch.objects.get().undone_by.first_name == "Hạ"
    said = words(owner.get(page))
    assert "Brought in and taken back" in said
    assert "Reason: Nhầm tệp (Hạ" in said
    assert "bán hàng.csv Sales Brought in and taken back" in words(owner.get("/owner/imports"))
    assert verify().problems == ()


def test_what_was_used_since_stands_in_the_way_of_taking_back(owner):
    page = hand_in(owner)
    do(owner, page, "bring")
    spend(Customer.objects.get(), 50, "r1")

    do(owner, page, "undo", reason="Nhầm tệp")

    assert (Upload.objects.get().state, Purchase.objects.filter(stands=True).count()) == ("done", 2)
    assert "It could not be taken back" in words(owner.get(page))
    assert "A1: its points have been used" in words(owner.get(page))


def test_customers_come_with_their_points(owner):
    page = hand_in(owner, MEMBERS, "customers/")
    assert "Rows read 2 New customers 2 Points given 50 Rows left out 0" in words(owner.get(page))

    do(owner, page, "bring")

    assert Customer.objects.count() == 2
    assert "What was brought in" in words(owner.get(page))


def test_a_file_that_cannot_be_read_says_why_in_the_owners_language(owner):
    owner.cookies["language"] = "vi"

    page = owner.get(hand_in(owner, b"%PDF-1.7", "sales/kiotviet", "hoa-don.pdf"))

    assert "Đây là tệp PDF" in words(page)
    assert Upload.objects.get().content is None


def test_what_is_put_aside_or_forgotten_loses_its_file(owner):
    page = hand_in(owner)
    do(owner, page, "drop")
    assert (Upload.objects.get().state, Upload.objects.get().content) == ("dropped", None)

    hand_in(owner, MEMBERS, "customers/")
    working.waiting(at=NOON + timedelta(hours=23))
    assert Upload.objects.first().state == "checked"
    working.waiting(at=NOON + timedelta(hours=25))
    assert (Upload.objects.first().state, Upload.objects.first().content) == ("dropped", None)


@pytest.mark.parametrize("act", ["bring", "drop", "undo"])
def test_a_step_is_taken_once(owner, act):
    page = hand_in(owner)
    do(owner, page, "drop" if act == "undo" else "bring")

    response = do(owner, page, act, reason="Nhầm")

    assert response.status_code == 409
    assert "further on by now" in words(response)


def test_other_words_are_no_step(owner):
    assert owner.post(f"{hand_in(owner)}/erase").status_code == 404
    assert owner.post("/owner/imports/0/bring").status_code == 404
    assert owner.get("/owner/imports/0").status_code == 404


@pytest.mark.parametrize(
    "told",
    [{}, {"kind": "sales/"}, {"kind": "sales/../x"}, {"kind": "staff/"}, {"kind": "sales/sapo"}],
)
def test_what_cannot_be_is_said_at_once(owner, told):
    file = (
        {"file": SimpleUploadedFile("a.csv", SALES.encode())}
        if told.get("kind") != "sales/"
        else {}
    )

    response = owner.post("/owner/imports", {**told, **file})

    assert response.status_code == 422
    assert not Upload.objects.exists()


def test_a_file_that_is_too_large_is_not_kept(owner, monkeypatch):
    monkeypatch.setattr("loyalty.web.owner.forms.MOST_BYTES", 10)
    file = SimpleUploadedFile("a.csv", SALES.encode())

    response = owner.post("/owner/imports", {"kind": "sales/", "file": file})

    assert (response.status_code, Upload.objects.count()) == (422, 0)
    monkeypatch.setattr(uploading, "MOST_BYTES", 10)
    with pytest.raises(InvalidInput):
        receive(b"x" * 11)


def receive(content=b"x", *, map_name=""):
    return uploading.receive(
        about="sales", map_name=map_name, file_name="a.csv", content=content, language="vi",
        at=NOON, by=StaffFactory(role="owner"),
    )  # fmt: skip


@pytest.mark.parametrize("role", [User.Role.CASHIER, User.Role.MANAGER])
def test_other_staff_bring_nothing_in(client, role):
    shop_with_programme()
    client.force_login(StaffFactory(role=role))
    file = SimpleUploadedFile("a.csv", SALES.encode())

    assert client.get("/owner/imports").status_code == 403
    assert client.post("/owner/imports", {"kind": "sales/", "file": file}).status_code == 403
    upload = receive()
    assert client.get(f"/owner/imports/{upload.pk}").status_code == 403
    assert client.post(f"/owner/imports/{upload.pk}/bring").status_code == 403
    assert Upload.objects.get().state == "checking"


def test_a_stranger_signs_in_first(client):
    shop_with_programme()

    assert client.get("/owner/imports").status_code == 302
    assert client.post("/owner/imports/1/bring").status_code == 302


def test_the_page_tells_how_far_a_worker_has_come(owner):
    upload = receive()
    assert "Waits for its turn" in words(owner.get(f"/owner/imports/{upload.pk}"))

    Upload.objects.update(claimed_at=NOON)
    watched(upload.pk)("reading", 30, 120)

    page = owner.get(f"/owner/imports/{upload.pk}")
    assert "Reading · 25%" in words(page)
    assert "data-follow" in page.content.decode()


def test_a_check_is_not_told_as_a_recording(owner):
    upload = receive()
    Upload.objects.update(claimed_at=NOON)
    watched(upload.pk)("recording", 30, 120)

    assert "Trying it out · 25%" in words(owner.get(f"/owner/imports/{upload.pk}"))

    Upload.objects.update(state="bringing")

    assert "Recording · 25%" in words(owner.get(f"/owner/imports/{upload.pk}"))


def test_a_cache_that_is_away_stops_nothing():
    with mock.patch("loyalty.purchases.imports.watching.cache") as cache:
        cache.set.side_effect = cache.get.side_effect = ConnectionError
        watched(1)("reading", 1, 2)
        assert progress_of(1) is None


def test_a_worker_has_the_time_for_the_largest_file():
    slow = 0.003  # Seconds a line of a bill, on a busy machine.

    assert uploading.LIMITS.rows * slow < work_uploads.time_limit
    assert uploading.LIMITS.minutes * 60 < work_uploads.time_limit


def test_each_call_has_its_time_for_one_file(owner):
    first, second = receive(SALES.encode()), receive(SALES.encode())

    assert work_uploads() == 1
    states = Upload.objects.in_bulk()
    assert [states[one.pk].state for one in (first, second)] == ["checked", "checking"]

    assert work_uploads() == 1
    assert not Upload.objects.filter(state="checking").exists()


def test_what_was_not_committed_after_all_is_not_taken_for_done(owner):
    page = hand_in(owner)
    do(owner, page, "bring")
    owner.post(f"{page}/undo", {"reason": "Nhầm tệp"})

    def undo(upload, at, report):
        upload.state = "undone"
        upload.save(update_fields=["state"])
        raise ZeroDivisionError

    with mock.patch.object(working, "_undo", undo), pytest.raises(ZeroDivisionError):
        work_uploads()

    assert Upload.objects.get().state == "done"
    assert "It could not be taken back" in words(owner.get(page))


def test_a_database_that_is_away_for_a_moment_costs_nobody_their_file(owner):
    receive(SALES.encode())
    for _time in range(2):
        with (
            mock.patch.object(working, "import_file", side_effect=OperationalError),
            pytest.raises(OperationalError),
        ):
            work_uploads()
    assert (Upload.objects.get().state, Upload.objects.get().tries) == ("checking", 2)

    work_uploads()

    assert (Upload.objects.get().state, Upload.objects.get().said) == ("checked", [])


def test_while_another_import_runs_a_file_waits(owner):
    receive(SALES.encode())
    with mock.patch.object(working, "import_file", side_effect=ImportRunning):
        work_uploads()
    assert (Upload.objects.get().state, Upload.objects.get().claimed_at) == ("checking", None)

    work_uploads()
    assert Upload.objects.get().state == "checked"


def test_a_mistake_of_ours_is_said_and_does_not_come_back_for_ever(owner):
    receive(SALES.encode())
    with (
        mock.patch.object(working, "import_file", side_effect=ZeroDivisionError),
        pytest.raises(ZeroDivisionError),
    ):
        work_uploads()

    upload = Upload.objects.get()
    assert (upload.state, upload.content, bool(upload.said)) == ("refused", None, True)


@pytest.mark.parametrize("wrong", [{"content": None}, {"state": "done"}, {"state": "refused"}])
def test_the_database_keeps_a_file_no_longer_than_it_is_needed(owner, wrong):
    receive()

    with pytest.raises(IntegrityError), transaction.atomic():
        Upload.objects.update(**wrong)
