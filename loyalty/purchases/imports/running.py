"""
Bringing a file of past sales in: all of its rows or a stated part of them.

The whole file is read and checked, and its new customers enrolled, in one transaction; its sales are
recorded in parts, each a transaction by itself. A stop in the middle, whatever its cause, leaves an
unfinished batch of whole parts; the same file run again goes on from there. A file with returns is
one transaction: only trying shows that each can be given back, and one that cannot stops all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, connection, transaction

from loyalty.errors import DomainError, InvalidInput
from loyalty.purchases.imports import people, posting, stage
from loyalty.purchases.imports.backs import Giver
from loyalty.purchases.imports.checking import Checker, SaleRow
from loyalty.purchases.imports.difference import Difference
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import Field, GroupBy, Layout
from loyalty.purchases.imports.progress import Report, silent
from loyalty.purchases.imports.reading import FileRow, Shape, SourceFile
from loyalty.purchases.imports.refusals import Refusals, RowsRefused
from loyalty.purchases.imports.turns import (
    Interrupted,
    Overtaken,
    alone,
    be_patient,
    interruptible,
)
from loyalty.purchases.models import ImportBatch
from loyalty.sayings import said as _
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import get_shop

ROWS_BETWEEN_REPORTS = 2_000
MANY = 1_000  # Purchases after which the planner's idea of the tables may be wrong.
# How the purchases of a source are named tells how its rows were counted.
_NAMES = {GroupBy.ROW: "^row:", GroupBy.CUSTOMER_DAY: "^day:"}
_OWN_NAMES = "^(?!row:|day:)"


class CountedOtherwise(DomainError):
    def __init__(self, source: str) -> None:
        super().__init__(
            _(
                "Earlier files of the source “%(source)s” counted purchases in another way "
                "(group_by, or receipt numbers). Count alike, or give this file another source."
            )
            % {"source": source}
        )


@dataclass(frozen=True)
class Origin:
    """Where sales come from and how they are to be counted."""

    source: str
    name: str  # Of the file, without its folder.
    digest: Callable[[], str]  # Asked after the last row was read.
    group_by: GroupBy = GroupBy.ROW
    has_references: bool = False
    spoilt: Callable[[], Sequence[str]] = list  # Receipts of which a row was refused; as `digest`.


def import_file(
    job: Job, *, difference: Difference | None = None, chunk: int = posting.CHUNK
) -> ImportBatch:
    """
    Record the sales of a file and return the batch with its counts. `difference` looks at what
    changes. So many sales as `chunk` says are recorded in one transaction.

    Safe to repeat: what is recorded is not added again, and an unfinished import of the same file
    goes on. Raises FileRefused, RowsRefused, ImportRunning, CountedOtherwise, Interrupted; then
    nothing was written but the file of refused rows. Overtaken leaves the parts before it.
    """
    file, layout = job.file, job.layout
    undivided = job.dry_run or (difference is not None and difference.path is not None)
    with (
        job.refusals() as refusals,
        _swept(),
        transaction.atomic() if undivided else nullcontext(),
    ):
        shape, rows = file.table()
        if difference:
            difference.begin()
        read = _Read(file, _checker(layout, shape, at=job.at), refusals, job.report)
        batch = import_sales(
            sales=read.sales(rows),
            origin=Origin(
                source=layout.source,
                name=job.file_name,
                digest=lambda: file.sha256,
                group_by=layout.group_by,
                has_references=Field.REFERENCE in shape.places,
                spoilt=lambda: read.spoilt,
            ),
            refusals=refusals,
            at=job.at,
            by=job.by,
            skip_bad=job.skip_bad,
            report=job.report,
            chunk=chunk,
        )
        if difference:
            difference.look(batch.pk)
        if job.dry_run:
            transaction.set_rollback(True)
    return batch


@contextmanager
def _swept() -> Iterator[None]:
    """Leave nothing of the file on the server in the end, where a caller's transaction does not."""
    try:
        yield
    finally:
        if not connection.in_atomic_block:
            with suppress(DatabaseError):
                stage.close()


def _checker(layout: Layout, shape: Shape, *, at: datetime) -> Checker:
    shop = get_shop()
    branches = {
        name.lower(): branch.pk
        for branch in Branch.objects.all()
        for name in (branch.name, branch.key)
    }
    return Checker(layout, shape, currency=shop.currency, zone=shop.zone, branches=branches, at=at)


@dataclass(frozen=True)
class _Read:
    """A file on its way into the stage."""

    file: SourceFile
    checker: Checker
    refusals: Refusals
    report: Report
    spoilt: list[str] = field(default_factory=list)

    def sales(self, rows: Iterable[FileRow]) -> Iterator[SaleRow]:
        """The rows that are sales; the others go to the refusals."""
        for count, row in enumerate(rows, 1):
            try:
                yield self.checker.read(row)
            except InvalidInput as error:
                self.refusals.add(row.line, error.field, str(error))
                self.spoilt.extend(self.checker.receipt_of(row))
            if count % ROWS_BETWEEN_REPORTS == 0:
                self.report("reading", self.file.bytes_read, self.file.bytes_total)


def import_sales(
    *,
    sales: Iterable[SaleRow],
    origin: Origin,
    refusals: Refusals,
    at: datetime,
    by: User | None,
    skip_bad: bool = False,
    report: Report = silent,
    chunk: int = posting.CHUNK,
) -> ImportBatch:
    """
    Record these sales as one batch and return it with its counts; as `import_file`, which is
    this with a file in front. `sales` may be endless in memory's terms: it is read once, and
    must not use the database while it is.
    """
    told = Recording(refusals, skip_bad, at, by, report, chunk)
    with alone():
        with transaction.atomic():
            be_patient()
            with interruptible(Interrupted):
                batch, total = _stage(sales, origin, told)
                undivided = stage.has_backs()
                if undivided:
                    _record(batch, total, told)
        if not undivided:
            with interruptible(Overtaken):
                _record(batch, total, told)
    return batch


@dataclass(frozen=True)
class Recording:
    """How sales are to be recorded."""

    refusals: Refusals
    skip_bad: bool
    at: datetime
    by: User | None
    report: Report
    chunk: int

    def stop_at_refusals(self) -> None:
        if self.refusals.count and not self.skip_bad:
            raise RowsRefused(self.refusals)


def _stage(sales: Iterable[SaleRow], origin: Origin, told: Recording) -> tuple[ImportBatch, int]:
    """All there is to do before the first sale is recorded; return how many are to be."""
    _refuse_other_counting(origin)
    rows_read = stage.fill(sales) + told.refusals.count
    if origin.spoilt():
        stage.spoil(origin.spoilt())
    stage.recognise_people()
    known = stage.make_sales(source=origin.source, group_by=origin.group_by)
    for line, problem in stage.problems():
        told.refusals.add(line, *_words_of(problem))
    told.stop_at_refusals()
    stage.drop_doubtful()
    batch = _begun(origin) or ImportBatch(
        source=origin.source, file_sha256=origin.digest(), recorded_by=told.by
    )
    batch.file_name = origin.name
    batch.rows_read, batch.rows_refused = rows_read, told.refusals.count
    batch.rows_cancelled = stage.drop_cancelled(source=origin.source)
    batch.purchases_known = known - batch.purchases_added
    batch.customers_added += people.enrol_new()
    total = stage.link_customers(group_by=origin.group_by)
    people.name_known()
    batch.save()
    return batch, total


def _begun(origin: Origin) -> ImportBatch | None:
    """The import of this very file that was stopped in the middle."""
    digest = origin.digest()
    if not digest:
        return None
    return ImportBatch.objects.filter(
        source=origin.source, file_sha256=digest, finished_at=None, undone_at=None
    ).last()


def _record(batch: ImportBatch, total: int, told: Recording) -> None:
    tally = posting.record_staged(
        batch=batch, at=told.at, total=total, report=told.report, chunk=told.chunk
    )
    batch.refresh_from_db()
    with transaction.atomic():
        be_patient()
        _give_back(batch, told)
        told.stop_at_refusals()
        batch.finished_at = told.at
        batch.save()
        if tally.purchases >= MANY:
            posting.tell_planner()


def _give_back(batch: ImportBatch, told: Recording) -> None:
    giver = Giver(source=batch.source, at=told.at, by=told.by)
    tally = giver.all(lambda line, why: told.refusals.add(line, Field.AMOUNT, why))
    batch.refunds_added = tally.added
    batch.purchases_known += tally.known
    batch.rows_refused = told.refusals.count


def _refuse_other_counting(origin: Origin) -> None:
    names = _OWN_NAMES if origin.has_references else _NAMES[origin.group_by]
    if stage.counted_otherwise(source=origin.source, prefix=names):
        raise CountedOtherwise(origin.source)


def _words_of(problem: str) -> tuple[str, str]:
    """The field and the reason of what the stage found wrong with a row."""
    return {
        "phone_taken": (Field.PHONE, _("this phone belongs to another customer")),
        "phone_twice": (Field.PHONE, _("another customer of this file has this phone")),
        "reference_twice": (
            Field.REFERENCE,
            _("an earlier row has this receipt number for another sale"),
        ),
        "mixed": (
            Field.REFERENCE,
            _("the rows of this receipt name different customers, branches or totals"),
        ),
        "too_long": (Field.REFERENCE, _("this receipt has more than 1,000 rows")),
        "spoilt": (Field.REFERENCE, _("another row of this receipt cannot be taken")),
        "differs": (
            Field.AMOUNT,
            _("recorded before with another customer, day or amount"),
        ),
    }[problem]
