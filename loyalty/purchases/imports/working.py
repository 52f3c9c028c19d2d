"""
What a worker does with the files of the page. It holds a lock on the file while it works, which the
database lets go when the worker dies; so the next one, seconds later, finds the file free and does
the step anew, or goes on where it stood. A lost task or a killed worker loses nothing.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from django.db import Error, OperationalError, connection, transaction
from django.utils.translation import override

from loyalty.errors import DomainError
from loyalty.purchases.imports.difference import Difference
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import About, Format
from loyalty.purchases.imports.leftout import Packer
from loyalty.purchases.imports.maps import named
from loyalty.purchases.imports.members.changes import What
from loyalty.purchases.imports.members.running import import_members
from loyalty.purchases.imports.progress import Report, silent
from loyalty.purchases.imports.refused import ColumnsMissing
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.imports.sampling import sample_of
from loyalty.purchases.imports.turns import ImportRunning
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.imports.uploading import (
    FORGOTTEN,
    LIMITS,
    LOOKED_AT,
    MOST_SECONDS,
    PATIENCE,
    counts_of,
    kept,
)
from loyalty.purchases.models import ImportBatch, Upload
from loyalty.sayings import parts_of
from loyalty.sayings import said as _

State = Upload.State
LOCK = 7_003  # Of advisory locks with two numbers; the other one is the upload's.
MOST_DOUBLES = 100  # That are kept to be looked at.
MOST_TRIES = 3  # Of workers that died of one step.
FOLDERS = "loyalty-upload-"
NOTHING_FOUND: dict[str, Any] = {"counts": {}, "refused_rows": b"", "doubles": []}
SECONDS_A_FOLDER_IS_USED = 2 * MOST_SECONDS


def waiting(*, at: datetime) -> list[int]:
    """
    The files that there is work to do on, the oldest first. Files that nobody came back for, and
    folders of workers that died, go away.
    """
    left = Upload.objects.filter(changed_at__lt=at - PATIENCE)
    left.filter(state__in=LOOKED_AT).update(state=State.DROPPED, changed_at=at, **FORGOTTEN)
    left.filter(state=State.STOPPED).exclude(content=None).update(**FORGOTTEN)
    _sweep()
    work = Upload.objects.filter(state__in=Upload.WORK)
    return list(work.order_by("changed_at").values_list("pk", flat=True))


def work(*, upload_id: int, at: datetime, report: Report = silent) -> bool:
    """
    Do what the file waits for; False if there is nothing, or another worker is at it. Safe to
    repeat. What stands in the way is kept with it; while another import runs it goes on waiting.
    """
    with _held(upload_id) as is_ours:
        upload = _claim(upload_id, at) if is_ours else None
        if upload is None:
            return False
        with override(upload.language):
            _try(upload, at, report)
        return True


@contextmanager
def _held(upload_id: int) -> Iterator[bool]:
    """Whether nobody else is at the file; nobody will be, until this ends or the worker does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, upload_id])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with suppress(Error), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, upload_id])


@transaction.atomic
def _claim(upload_id: int, at: datetime) -> Upload | None:
    mine = Upload.objects.select_for_update().filter(pk=upload_id, state__in=Upload.WORK).first()
    return kept(mine, claimed_at=at, tries=mine.tries + 1) if mine else None


def _try(upload: Upload, at: datetime, report: Report) -> None:
    state = State(upload.state)
    act = {State.CHECKING: _check, State.BRINGING: _bring, State.UNDOING: _undo}[state]
    if upload.tries > MOST_TRIES:
        _stop(upload, state, _("This was tried again and again, and each time it broke off."), at)
        return
    try:
        act(upload, at, report)
    except ImportRunning:
        kept(upload, claimed_at=None, tries=upload.tries - 1)
    except DomainError as error:
        _stop(upload, state, str(error), at)
    except OperationalError:
        raise  # The database was away, or too busy: as for a worker that died, the next one tries.
    except Exception:
        _stop(upload, state, _("Something went wrong here."), at)
        raise


def _stop(upload: Upload, state: State, why: str, at: datetime) -> None:
    """
    What cannot be taken back stays, what is there in part waits, what cannot be read goes. `state`
    is what it was in before: the row in memory may be further on than what was written.
    """
    batch = upload.batch
    if state == State.BRINGING and (batch := _unfinished(upload)):
        _take_over(upload, batch)
    values: dict[str, Any] = {"said": parts_of(why), "changed_at": at, "claimed_at": None}
    if batch is None:
        kept(upload, state=State.REFUSED, **FORGOTTEN, **values)
    elif batch.finished_at is not None:
        kept(upload, state=State.DONE, **FORGOTTEN, **values)
    else:
        expected = upload.counts.get("expected", upload.counts.get("purchases_added", 0))
        counts = upload.counts | counts_of(batch) | {"expected": expected}
        kept(upload, state=State.STOPPED, batch=batch, counts=counts, **values)


def _unfinished(upload: Upload) -> ImportBatch | None:
    """The import of this very file that stands in the middle."""
    begun = ImportBatch.objects.filter(finished_at=None, undone_at=None)
    return begun.filter(file_sha256=upload.file_sha256).last() if upload.file_sha256 else None


def _check(upload: Upload, at: datetime, report: Report) -> None:
    """What would be brought in; where the columns are unknown, what they might be."""
    with _job(upload, at, report, dry_run=True) as job:
        there, found = State.CHECKED, dict[str, Any]()
        try:
            found = _run(job, About(upload.about))
            found.pop("batch")
        except ColumnsMissing as error:
            there, found = State.ASKING, {"said": parts_of(str(error)), **NOTHING_FOUND}
        form = job.file.form
        found["read_as"] = parts_of(str(form))
        found["sample"] = sample_of(job.file.first, separator=form.separator).as_json()
    kept(upload, state=there, changed_at=at, claimed_at=None, **found)


def _bring(upload: Upload, at: datetime, report: Report) -> None:
    """Customers as one, sales in parts, each of which stays even if the worker dies."""
    is_whole = upload.about == About.CUSTOMERS
    with transaction.atomic() if is_whole else nullcontext():
        with _job(upload, at, report, dry_run=False) as job:
            found = _brought_before(upload) or _run(job, About(upload.about))
        _keep_brought(upload, found, at)


@transaction.atomic
def _keep_brought(upload: Upload, found: dict[str, Any], at: datetime) -> None:
    _take_over(upload, found["batch"])
    kept(upload, state=State.DONE, changed_at=at, claimed_at=None, **FORGOTTEN, **found)


def _take_over(upload: Upload, batch: ImportBatch) -> None:
    """The same file was handed in before, and stopped; this one goes on."""
    others = Upload.objects.filter(batch=batch).exclude(pk=upload.pk)
    others.update(state=State.DROPPED, batch=None, **FORGOTTEN)


def _brought_before(upload: Upload) -> dict[str, Any] | None:
    """What a worker finished who died before writing it down here."""
    if upload.tries == 1:
        return None
    mine = ImportBatch.objects.filter(file_sha256=upload.file_sha256, upload=None)
    batch = mine.filter(finished_at__gte=upload.changed_at).last()
    return {"batch": batch, "counts": upload.counts | counts_of(batch)} if batch else None


@transaction.atomic
def _undo(upload: Upload, at: datetime, report: Report) -> None:
    assert upload.batch is not None  # noqa: S101 - the table's own check
    undo_import(batch=upload.batch, at=at, by=upload.changed_by, report=report)
    kept(upload, state=State.UNDONE, changed_at=at, claimed_at=None, **FORGOTTEN)


@contextmanager
def _job(upload: Upload, at: datetime, report: Report, *, dry_run: bool) -> Iterator[Job]:
    layout = named(upload.map_name, About(upload.about))
    if upload.separator:
        layout = replace(layout, format=Format.DELIMITED, separator=upload.separator)
    with _file(upload) as path:
        yield Job(
            path=path,
            layout=layout,
            at=at,
            by=upload.changed_by,
            skip_bad=True,
            dry_run=dry_run,
            report=report,
            limits=LIMITS,
            errors=Packer(),
            name=upload.file_name,
        )


def _run(job: Job, about: About) -> dict[str, Any]:
    """Read the file, and bring it in unless that is not wanted; what was found, as columns."""
    found = _sales(job) if about is About.SALES else _members(job)
    assert isinstance(job.errors, Packer)  # noqa: S101 - of `_job`
    return found | {"refused_rows": job.errors.content()}


def _sales(job: Job) -> dict[str, Any]:
    difference = Difference(seeks_doubles=True)
    batch = import_file(job, difference=difference)
    doubles = difference.doubles
    counts = counts_of(batch) | {"tiers": dict(difference.tiers), "double": len(doubles)}
    return {"batch": batch, "counts": counts, "doubles": doubles[:MOST_DOUBLES]}


def _members(job: Job) -> dict[str, Any]:
    members = import_members(job)
    counted = {str(what): members.changes.counts[what] for what in What}
    return {
        "batch": members.batch,
        "counts": counts_of(members.batch) | counted,
        "doubles": members.changes.doubles[:MOST_DOUBLES],
    }


@contextmanager
def _file(upload: Upload) -> Iterator[Path]:
    """The file, for as long as it is read."""
    with TemporaryDirectory(prefix=FOLDERS) as folder:
        path = Path(folder) / "file"
        path.write_bytes(bytes(upload.content or b""))
        yield path


def _sweep() -> None:
    """Delete what workers that were killed have left; one that lives is long done with its own."""
    for folder in Path(gettempdir()).glob(f"{FOLDERS}*"):
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - SECONDS_A_FOLDER_IS_USED:
                shutil.rmtree(folder)
