"""
Files from a page: kept, checked by a worker, brought in when their owner says so, and taken back
with a reason. Every step is a state of the row, so a lost task or a worker that dies loses nothing.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from loyalty.errors import DomainError, InvalidInput
from loyalty.purchases.imports.difference import Difference
from loyalty.purchases.imports.forms import Form
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.maps import layout_of, ready
from loyalty.purchases.imports.members.changes import What
from loyalty.purchases.imports.members.running import import_members
from loyalty.purchases.imports.progress import Report, silent
from loyalty.purchases.imports.refused import Limits
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.imports.turns import ImportRunning
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.models import ImportBatch, Upload
from loyalty.shop.models import User

State = Upload.State
MOST_BYTES = 20_000_000
# Of one file, to be checked, brought in or taken back: the last takes some ten milliseconds a sale.
LIMITS = Limits(megabytes=60, rows=100_000, minutes=10)
MOST_SECONDS = 1_740  # Then a worker is stopped.
LEASE = timedelta(minutes=30)  # Longer than that; then another worker tries.
PATIENCE = timedelta(days=1)  # Of a file that nobody comes back for.
ROWS_KEPT = 200  # Of those left out.
COUNTS = (
    *("rows_read", "rows_refused", "rows_cancelled", "purchases_known", "purchases_added"),
    *("refunds_added", "customers_added", "points_added"),
)


class Elsewhere(DomainError):
    """Somebody, or another window, was faster."""

    def __init__(self) -> None:
        super().__init__(_("This file is further on by now. Look at it again."))


def receive(
    *, about: str, map_name: str, file_name: str, content: bytes, language: str, at: datetime,
    by: User,
) -> Upload:  # fmt: skip
    """
    Keep a file to be checked; nothing of it is brought in yet. An empty `map_name` means that its
    header is in our words. Raises InvalidInput for one that is too large, or an unknown map.
    """
    if len(content) > MOST_BYTES:
        why = _("The file is larger than %(count)d MB.")
        raise InvalidInput("file", why % {"count": MOST_BYTES // 1_000_000})
    if map_name and map_name not in ready(About(about)):
        raise InvalidInput("map", _("There is no such map."))
    return Upload.objects.create(
        about=about,
        map_name=map_name,
        file_name=Path(file_name).name[-200:] or "file",
        content=content,
        language=language,
        uploaded_at=at,
        uploaded_by=by,
        changed_at=at,
        changed_by=by,
    )


def bring(*, upload_id: int, at: datetime, by: User) -> Upload:
    """Let a checked file be brought in without the rows that were named. Raises Elsewhere."""
    return _move(upload_id, State.CHECKED, State.BRINGING, at, by)


def drop(*, upload_id: int, at: datetime, by: User) -> Upload:
    """Put a checked file aside; its content is deleted. Raises Elsewhere."""
    return _move(upload_id, State.CHECKED, State.DROPPED, at, by, content=None)


def take_back(*, upload_id: int, reason: str, at: datetime, by: User) -> Upload:
    """Let what was brought in be taken back. Raises Elsewhere, InvalidInput without a reason."""
    if not reason.strip():
        raise InvalidInput("reason", _("A reason is needed."))
    return _move(upload_id, State.DONE, State.UNDOING, at, by, reason=reason.strip()[:200], said="")


@transaction.atomic
def _move(upload_id: int, here: str, there: str, at: datetime, by: User, **values: Any) -> Upload:
    upload = Upload.objects.select_for_update().get(pk=upload_id)
    if upload.state != here:
        raise Elsewhere
    return _kept(upload, state=there, changed_at=at, changed_by=by, claimed_at=None, **values)


def _kept(upload: Upload, **values: Any) -> Upload:
    for name, value in values.items():
        setattr(upload, name, value)
    upload.save(update_fields=list(values))
    return upload


def waiting(*, at: datetime) -> list[int]:
    """The files that there is work to do on, the oldest first; and those of which nobody wants any."""
    left = Upload.objects.filter(state=State.CHECKED, changed_at__lt=at - PATIENCE)
    left.update(state=State.DROPPED, content=None, changed_at=at)
    work = Upload.objects.filter(_free(at), state__in=Upload.WORK)
    return list(work.order_by("changed_at").values_list("pk", flat=True))


def _free(at: datetime) -> Q:
    return Q(claimed_at=None) | Q(claimed_at__lt=at - LEASE)


def work(*, upload_id: int, at: datetime, report: Report = silent) -> None:
    """
    Do what the file waits for, if no other worker is at it. Safe to repeat. What stands in the way
    is kept with it, in its owner's language; while another import runs it goes on waiting.
    """
    upload = _claim(upload_id, at)
    if upload is None:
        return
    state = State(upload.state)
    act = {State.CHECKING: _check, State.BRINGING: _bring, State.UNDOING: _undo}[state]
    try:
        with override(upload.language), transaction.atomic():
            act(upload, at, report)
    except ImportRunning:
        _kept(upload, claimed_at=None)
    except DomainError as error:
        with override(upload.language):
            _refuse(upload, state, str(error), at)
    except Exception:
        with override(upload.language):
            _refuse(upload, state, _("Something went wrong here. Nothing was written."), at)
        raise


@transaction.atomic
def _claim(upload_id: int, at: datetime) -> Upload | None:
    free = Upload.objects.select_for_update(skip_locked=True).filter(
        _free(at), pk=upload_id, state__in=Upload.WORK
    )
    upload = free.first()
    return _kept(upload, claimed_at=at) if upload else None


def _refuse(upload: Upload, state: State, why: str, at: datetime) -> None:
    """
    What cannot be taken back stays; what cannot be read goes. `state` is what it was in before: the
    row in memory may be further on than what was written.
    """
    if state == State.UNDOING:
        _kept(upload, state=State.DONE, said=why, changed_at=at, claimed_at=None)
    else:
        _kept(upload, state=State.REFUSED, said=why, content=None, changed_at=at, claimed_at=None)


def _check(upload: Upload, at: datetime, report: Report) -> None:
    found = _run(upload, at, report, dry_run=True)
    found.pop("batch")
    _kept(upload, state=State.CHECKED, changed_at=at, claimed_at=None, **found)


def _bring(upload: Upload, at: datetime, report: Report) -> None:
    found = _run(upload, at, report, dry_run=False)
    batch: ImportBatch = found["batch"]
    batch.file_name = upload.file_name
    batch.save(update_fields=["file_name"])
    _kept(upload, state=State.DONE, content=None, changed_at=at, claimed_at=None, **found)


def _undo(upload: Upload, at: datetime, report: Report) -> None:
    assert upload.batch is not None  # noqa: S101 - the table's own check
    undo_import(batch=upload.batch, at=at, by=upload.changed_by, report=report)
    _kept(upload, state=State.UNDONE, changed_at=at, claimed_at=None)


def _run(upload: Upload, at: datetime, report: Report, *, dry_run: bool) -> dict[str, Any]:
    """Read the file, and bring it in unless it is a `dry_run`; what was found, as columns."""
    about, forms = About(upload.about), list[Form]()
    with _files(upload) as (path, errors):
        told: dict[str, Any] = {
            "path": path,
            "layout": layout_of(upload.map_name or None, about),
            "at": at,
            "by": upload.changed_by,
            "skip_bad": True,
            "dry_run": dry_run,
            "report": report,
            "limits": LIMITS,
            "told": forms.append,
            "errors": errors,
        }
        batch, more = _sales(told) if about is About.SALES else _members(told)
        refused = _first_refused(errors)
    counts = {name: getattr(batch, name) for name in COUNTS} | more
    return {"batch": batch, "counts": counts, "refused": refused, "read_as": str(forms[0])}


def _sales(told: dict[str, Any]) -> tuple[ImportBatch, dict[str, Any]]:
    difference = Difference()
    batch = import_file(**told, difference=difference)
    return batch, {"tiers": dict(difference.tiers)}


def _members(told: dict[str, Any]) -> tuple[ImportBatch, dict[str, Any]]:
    members = import_members(**told)
    return members.batch, {str(what): members.changes.counts[what] for what in What}


@contextmanager
def _files(upload: Upload) -> Iterator[tuple[Path, Path]]:
    """The file, and where its refused rows are to be listed, for as long as it is read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(bytes(upload.content or b""))
        yield path, Path(folder) / "refused.csv"


def _first_refused(errors: Path) -> list[list[str]]:
    if not errors.exists():
        return []
    with errors.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        return [row[1:] for row, _number in zip(rows, range(ROWS_KEPT), strict=False)]
