"""
Files from a page: kept, and moved on by their owner, who looks at what a worker found. Every step is
a state of the row; `working` does what the row waits for.
"""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.errors import DomainError, InvalidInput
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.maps import names
from loyalty.purchases.imports.refused import Limits
from loyalty.purchases.models import ImportBatch, Upload
from loyalty.shop.models import User

State = Upload.State
FORGOTTEN = {"content": None, "sample": None}
LOOKED_AT = {State.ASKING, State.CHECKED}
MOST_BYTES = 20_000_000
# Of one file, to be checked, brought in or taken back: lines of bills come in at 2 to 3 ms on a busy
# machine, which is the slowest of it.
LIMITS = Limits(megabytes=60, rows=500_000, minutes=10)
MOST_SECONDS = 1_740  # Then a worker is stopped.
PATIENCE = timedelta(days=1)  # Of a file that nobody comes back for.
COUNTS = (
    *("rows_read", "rows_refused", "rows_cancelled", "purchases_known", "purchases_added"),
    *("refunds_added", "customers_added", "points_added"),
)


class Elsewhere(DomainError):
    """Somebody, or another window, was faster."""

    def __init__(self) -> None:
        super().__init__(_("This file is further on by now. Look at it again."))


class FileGone(DomainError):
    """What was stopped can go on only with the file."""

    def __init__(self) -> None:
        super().__init__(
            _("The file is no longer here. Hand in the same file again: it goes on from there.")
        )


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
    if map_name and map_name not in names(About(about)):
        raise InvalidInput("map", _("There is no such map."))
    return Upload.objects.create(
        about=about,
        map_name=map_name,
        file_name=Path(file_name).name[-200:] or "file",
        file_sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        language=language,
        uploaded_at=at,
        uploaded_by=by,
        changed_at=at,
        changed_by=by,
    )


def bring(*, upload_id: int, at: datetime, by: User) -> Upload:
    """Let a checked file be brought in without the rows that were named. Raises Elsewhere."""
    return _move(upload_id, {State.CHECKED}, State.BRINGING, at, by)


def drop(*, upload_id: int, at: datetime, by: User) -> Upload:
    """Put a checked file aside; its content is deleted. Raises Elsewhere."""
    return _move(upload_id, LOOKED_AT, State.DROPPED, at, by, **FORGOTTEN)


def read_again(
    *, upload_id: int, at: datetime, by: User, map_name: str | None = None, separator: str = ""
) -> Upload:
    """
    Let a file that was looked at be checked anew: by another map, or with columns that end at
    another sign. Raises Elsewhere.
    """
    told = {"map_name": map_name} if map_name else {"separator": separator}
    return _move(upload_id, LOOKED_AT, State.CHECKING, at, by, said=[], **told)


@transaction.atomic
def go_on(*, upload_id: int, at: datetime, by: User) -> Upload:
    """Let what was stopped in the middle go on from there. Raises Elsewhere, FileGone."""
    # Held before it is looked at: a file that nobody comes back for is forgotten.
    Upload.objects.select_for_update().only("pk").get(pk=upload_id)
    if Upload.objects.filter(pk=upload_id, state=State.STOPPED, content=None).exists():
        raise FileGone
    return _move(upload_id, {State.STOPPED}, State.BRINGING, at, by, batch=None, said=[])


def take_back(*, upload_id: int, reason: str, at: datetime, by: User) -> Upload:
    """Let what was brought in be taken back. Raises Elsewhere, InvalidInput without a reason."""
    if not reason.strip():
        raise InvalidInput("reason", _("A reason is needed."))
    told = {"reason": reason.strip()[:200], "said": []}
    return _move(upload_id, {State.DONE, State.STOPPED}, State.UNDOING, at, by, **told)


@transaction.atomic
def adopt(*, batch_id: int, at: datetime, by: User) -> Upload:
    """
    Put an import that was stopped on the command line among the files of the page, so that it can be
    taken back there. Safe to repeat. Raises Elsewhere where it was finished or taken back since.
    """
    batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
    known = Upload.objects.filter(batch=batch).first()
    if known is not None:
        return known
    if batch.finished_at or batch.undone_at:
        raise Elsewhere
    return Upload.objects.create(
        about=About.SALES,
        file_name=batch.file_name,
        file_sha256=batch.file_sha256,
        language="vi",
        state=State.STOPPED,
        counts=counts_of(batch),
        batch=batch,
        uploaded_at=at,
        uploaded_by=by,
        changed_at=at,
        changed_by=by,
    )


def counts_of(batch: ImportBatch) -> dict[str, int]:
    """What was counted while it was brought in, by the names of the columns."""
    return {name: getattr(batch, name) for name in COUNTS}


@transaction.atomic
def _move(
    upload_id: int, here: set[State], there: State, at: datetime, by: User, **values: Any
) -> Upload:
    upload = Upload.objects.select_for_update().get(pk=upload_id)
    if upload.state not in here:
        raise Elsewhere
    values |= {"state": there, "changed_at": at, "changed_by": by}
    return kept(upload, claimed_at=None, tries=0, **values)


def kept(upload: Upload, **values: Any) -> Upload:
    """The upload with these columns written."""
    for name, value in values.items():
        setattr(upload, name, value)
    upload.save(update_fields=list(values))
    return upload
