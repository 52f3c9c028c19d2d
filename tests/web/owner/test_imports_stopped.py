"""Files whose worker died, or whose import stands in the middle: found again, gone on with, taken back."""

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from random import Random
from unittest import mock

import pytest
from django.db import IntegrityError, connections, transaction

from loyalty.ledger.proof import verify
from loyalty.purchases.imports import uploading, working
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import USUAL
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.imports.turns import IMPORT_LOCK
from loyalty.purchases.models import ImportBatch, Purchase, Upload
from loyalty.purchases.tasks import work_uploads
from loyalty.shop.models import User
from tests.factories.clock import NOON
from tests.factories.shop import StaffFactory
from tests.faults.together import together
from tests.support.killing import killed_before
from tests.support.pages import words
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
ROWS, CHUNK = 20, 5
SALES = "customer,date,amount,reference\n" + "".join(
    f"{number % 4},2026-10-{1 + number:02d},{10_000 * number},A{number}\n" for number in range(ROWS)
)


class Broken(Exception):
    pass


def breaking_after(sales):
    def report(step, done, _total):
        if step == "recording" and done >= sales:
            raise Broken

    return report


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """What killed workers leave is no other test's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(autouse=True)
def small_parts():
    with mock.patch.object(working, "import_file", partial(import_file, chunk=CHUNK)):
        yield


def receive(content=SALES):
    return uploading.receive(
        about="sales", map_name="", file_name="tháng 10.csv", content=content.encode(),
        language="vi", at=NOON, by=User.objects.get(),
    )  # fmt: skip


def work(upload, **told):
    return working.work(upload_id=upload.pk, at=NOON, **told)


def to_be_brought(content=SALES):
    upload = receive(content)
    work(upload)
    return uploading.bring(upload_id=upload.pk, at=NOON, by=User.objects.get())


def stopped():
    """A file of which two of four parts are in."""
    upload = to_be_brought()
    with pytest.raises(Broken):
        work(upload, report=breaking_after(2 * CHUNK))
    upload.refresh_from_db()
    return upload


def test_one_worker_at_a_time_and_the_next_as_soon_as_it_is_dead(owner):
    upload = receive()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [working.LOCK, upload.pk])
        assert work(upload) is False
        assert work_uploads() == 0
        assert Upload.objects.get().state == "checking"
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()

    assert work(upload) is True
    assert Upload.objects.get().state == "checked"


def test_a_file_that_its_worker_holds_does_not_keep_others_waiting(owner):
    held, free = receive(), receive(SALES + "9,2026-11-01,5000,B1\n")
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [working.LOCK, held.pk])
        assert work_uploads() == 1
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()

    assert Upload.objects.get(pk=free.pk).state == "checked"


def test_what_breaks_off_in_the_middle_says_so_and_goes_on(owner):
    upload = stopped()

    assert (upload.state, upload.batch.purchases_added) == ("stopped", 2 * CHUNK)
    page = f"/owner/imports/{upload.pk}"
    said = words(owner.get(page))
    assert "Stopped in the middle What was brought in so far counts." in said
    assert "What was brought in so far 50% Rows read 20 New sales 10" in said
    assert "Something went wrong here." in said
    assert "Customers who reach" not in said
    assert "Stopped in the middle · 50%" in words(owner.get("/owner/imports"))

    assert owner.post(f"{page}/go-on").status_code == 302
    work_uploads()

    upload.refresh_from_db()
    assert (upload.state, upload.content, upload.said) == ("done", None, [])
    assert (upload.batch.purchases_added, ImportBatch.objects.count()) == (ROWS, 1)
    assert Purchase.objects.count() == ROWS
    assert verify().problems == ()


def test_what_stands_in_the_middle_is_taken_back(owner):
    upload = stopped()

    owner.post(f"/owner/imports/{upload.pk}/undo", {"reason": "Nhầm tệp"})
    work_uploads()

    upload.refresh_from_db()
    assert (upload.state, upload.content) == ("undone", None)
    assert not Purchase.objects.filter(stands=True).exists()
    assert verify().problems == ()


def test_what_was_stopped_and_whose_file_is_gone_goes_on_when_the_file_comes_again(owner):
    upload = stopped()
    working.waiting(at=NOON + 2 * uploading.PATIENCE)
    upload.refresh_from_db()
    assert (upload.state, upload.content) == ("stopped", None)
    page = f"/owner/imports/{upload.pk}"
    assert "hand in the same file again" in words(owner.get(page))
    response = owner.post(f"{page}/go-on")
    assert (response.status_code, Upload.objects.get().state) == (409, "stopped")

    again = receive()
    work(again)
    uploading.bring(upload_id=again.pk, at=NOON, by=User.objects.get())
    work(again)

    upload.refresh_from_db()
    again.refresh_from_db()
    assert (upload.state, upload.batch) == ("dropped", None)
    assert (again.state, again.batch.purchases_added) == ("done", ROWS)


def test_what_was_brought_in_before_the_worker_died_is_not_brought_in_again(owner):
    upload = to_be_brought()
    with (
        mock.patch.object(working, "_keep_brought", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        work(upload)
    assert (Upload.objects.get().state, Purchase.objects.count()) == ("bringing", ROWS)

    work(upload)

    upload.refresh_from_db()
    assert (upload.state, upload.batch, upload.counts["purchases_added"]) == (
        "done", ImportBatch.objects.get(), ROWS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "there"), [("checking", "refused"), ("bringing", "refused"), ("stopped", "stopped")]
)
def test_what_kills_every_worker_is_given_up(owner, state, there):
    upload = stopped() if state == "stopped" else receive()
    if state == "stopped":
        uploading.go_on(upload_id=upload.pk, at=NOON, by=User.objects.get())
    else:
        Upload.objects.update(state=state)
    with (
        mock.patch.object(working, "_run", side_effect=KeyboardInterrupt),
    ):
        for _death in range(working.MOST_TRIES):
            with pytest.raises(KeyboardInterrupt):
                work(upload)
        work(upload)

    upload.refresh_from_db()
    assert upload.state == there
    assert upload.said == [{"say": "This was tried again and again, and each time it broke off."}]


def test_the_folder_of_a_dead_worker_goes_away_and_those_of_others_stay(owner):
    old, new = (
        Path(tempfile.gettempdir()) / f"{working.FOLDERS}test-{name}" for name in ("old", "new")
    )
    for folder in (old, new):
        folder.mkdir()
        (folder / "file").write_text("0912345678")
    os.utime(old, (0, time.time() - working.SECONDS_A_FOLDER_IS_USED - 60))

    work_uploads()

    assert (old.exists(), new.exists()) == (False, True)


def begun_by_command(folder):
    path = folder / "sales.csv"
    path.write_text(SALES, encoding="utf-8")
    job = Job(path=path, layout=USUAL, at=NOON, by=None, report=breaking_after(2 * CHUNK))
    with pytest.raises(Broken):
        import_file(job, chunk=CHUNK)


def test_an_import_that_was_stopped_on_the_command_line_is_taken_back_here(owner, tmp_path):
    begun_by_command(tmp_path)
    batch = ImportBatch.objects.get()

    assert "sales.csv 10 Go on, or take back" in words(owner.get("/owner/imports"))
    page = owner.post(f"/owner/imports/stopped/{batch.pk}").url
    assert owner.post(f"/owner/imports/stopped/{batch.pk}").url == page
    said = words(owner.get(page))
    assert "Rows read 20 New sales 10" in said
    assert "hand in the same file again" in said
    assert "command line" not in words(owner.get("/owner/imports"))

    owner.post(f"{page}/undo", {"reason": "Nhầm"})
    work_uploads()
    assert not Purchase.objects.filter(stands=True).exists()
    assert Upload.objects.get().state == "undone"


def test_while_an_import_runs_nothing_is_said_to_be_stopped(owner):
    ImportBatch.objects.create(source="file", file_name="sales.csv", file_sha256="0" * 64)
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])
        assert "command line" not in words(owner.get("/owner/imports"))
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()
    assert "command line" in words(owner.get("/owner/imports"))


def test_what_was_finished_since_is_not_adopted(owner, tmp_path):
    begun_by_command(tmp_path)
    ImportBatch.objects.update(finished_at=NOON)

    response = owner.post(f"/owner/imports/stopped/{ImportBatch.objects.get().pk}")

    assert (response.url, Upload.objects.count()) == ("/owner/imports", 0)
    assert owner.post("/owner/imports/stopped/0").status_code == 404


@pytest.mark.parametrize("role", [User.Role.CASHIER, User.Role.MANAGER])
def test_other_staff_adopt_nothing(owner, tmp_path, role):
    begun_by_command(tmp_path)
    owner.force_login(StaffFactory(role=role))

    page = f"/owner/imports/stopped/{ImportBatch.objects.get().pk}"
    assert (owner.post(page).status_code, Upload.objects.count()) == (403, 0)


@pytest.mark.parametrize("state", ["stopped", "undoing"])
def test_the_database_wants_to_know_what_a_stopped_file_brought(owner, state):
    receive()
    with pytest.raises(IntegrityError, match="names_what_it_brought"), transaction.atomic():
        Upload.objects.update(state=state, batch=None)


@pytest.mark.django_db(transaction=True)
def test_workers_that_are_killed_again_and_again_bring_every_sale_in_once(owner):
    random, kills, died, files = Random(11), rounds(usual=20, soak=200), 0, 0
    for _round in range(kills):
        if not Upload.objects.filter(state="bringing").exists():
            files += 1
            to_be_brought(SALES.replace(",A", f",R{files}-"))
        died += killed_before(
            random.randrange(5, 60), partial(work_on, Upload.objects.latest("pk"))
        )
        Upload.objects.update(tries=1)
    while Upload.objects.filter(state="bringing").exists():
        work(Upload.objects.latest("pk"))

    assert died > kills / 2
    assert [one.batch.purchases_added for one in Upload.objects.all()] == [ROWS] * files
    assert {
        (one.state, one.content, one.counts["purchases_added"]) for one in Upload.objects.all()
    } == {("done", None, ROWS)}
    assert ImportBatch.objects.filter(purchases_added__gt=0).count() == files
    assert Purchase.objects.count() == ROWS * files
    assert verify().problems == ()


def work_on(upload):
    while not work(upload) and Upload.objects.get().state == "bringing":
        pass  # The server may need a moment to see that the one before is dead.


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_checks_the_file(owner):
    for number in range(rounds(usual=20, soak=200)):
        upload = receive(f"date,amount\n2026-11-20,{1_000 + number}\n")
        did = together(*[partial(work, upload)] * 2)

        upload.refresh_from_db()
        assert (sorted(did), upload.state, upload.tries) == ([False, True], "checked", 1)
