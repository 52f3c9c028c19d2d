"""
Bringing a file of past sales in: one transaction, all of its rows or a stated part of them.

A stop in the middle, whatever its cause, leaves nothing behind; running the same file again adds
what is missing, which is nothing when the first run ended.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from loyalty.errors import DomainError, InvalidInput
from loyalty.purchases.imports import people, posting, stage
from loyalty.purchases.imports.backs import Giver
from loyalty.purchases.imports.checking import Checker, SaleRow
from loyalty.purchases.imports.difference import Difference
from loyalty.purchases.imports.forms import Form, untold
from loyalty.purchases.imports.layout import Field, GroupBy, Layout
from loyalty.purchases.imports.progress import Report, silent
from loyalty.purchases.imports.reading import FileRow, Shape, SourceFile
from loyalty.purchases.imports.refusals import Refusals, RowsRefused
from loyalty.purchases.imports.refused import USUAL_LIMITS, Limits
from loyalty.purchases.models import ImportBatch
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import get_shop

IMPORT_LOCK = 7_002  # Any number that no other advisory lock of ours uses.
ROWS_BETWEEN_REPORTS = 2_000
MANY = 1_000  # Purchases after which the planner's idea of the tables may be wrong.
# How the purchases of a source are named tells how its rows were counted.
_NAMES = {GroupBy.ROW: "^row:", GroupBy.CUSTOMER_DAY: "^day:"}
_OWN_NAMES = "^(?!row:|day:)"


class ImportRunning(DomainError):
    def __init__(self) -> None:
        super().__init__(_("Another import is running. Wait for its end, then run this again."))


class CountedOtherwise(DomainError):
    def __init__(self, source: str) -> None:
        super().__init__(
            _(
                "Earlier files of the source “%(source)s” counted purchases in another way "
                "(group_by, or receipt numbers). Count alike, or give this file another source."
            )
            % {"source": source}
        )


class Interrupted(DomainError):
    def __init__(self) -> None:
        super().__init__(
            _("Somebody enrolled the same customer meanwhile. Nothing was imported; run it again.")
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
    *,
    path: Path,
    layout: Layout,
    at: datetime,
    by: User | None,
    skip_bad: bool = False,
    dry_run: bool = False,
    report: Report = silent,
    limits: Limits = USUAL_LIMITS,
    told: Callable[[Form], None] = untold,
    errors: Path | None = None,
    difference: Difference | None = None,
) -> ImportBatch:
    """
    Record the sales of a file and return the batch with its counts. With `skip_bad` the rows
    that cannot be taken are left out and counted; without it they stop the import. `dry_run`
    does all of it and takes it back. `told` hears how the file is written; the
    rows that cannot be taken are listed in `errors`, else beside the file; `difference` looks at what changes.

    Safe to repeat. Raises FileRefused, RowsRefused, ImportRunning, CountedOtherwise; then
    nothing was written but the file of refused rows.
    """
    file = SourceFile(path, layout, limits)
    with Refusals(path, errors) as refusals, transaction.atomic():
        shape, rows = file.table()
        told(file.form)
        if difference:
            difference.begin()
        read = _Read(file, _checker(layout, shape, at=at), refusals, report)
        batch = import_sales(
            sales=read.sales(rows),
            origin=Origin(
                source=layout.source,
                name=path.name[:200],
                digest=lambda: file.sha256,
                group_by=layout.group_by,
                has_references=Field.REFERENCE in shape.places,
                spoilt=lambda: read.spoilt,
            ),
            refusals=refusals,
            at=at,
            by=by,
            skip_bad=skip_bad,
            report=report,
        )
        if difference:
            difference.look(batch.pk)
        transaction.set_rollback(dry_run)
    return batch


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


@transaction.atomic
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
    be_alone()
    _refuse_other_counting(origin)
    rows_read = stage.fill(sales) + refusals.count
    if origin.spoilt():
        stage.spoil(origin.spoilt())
    stage.recognise_people()
    known = stage.make_sales(source=origin.source, group_by=origin.group_by)
    for line, problem in stage.problems():
        refusals.add(line, *_words_of(problem))
    if refusals.count and not skip_bad:
        raise RowsRefused(refusals)
    stage.drop_doubtful()
    batch = ImportBatch(
        source=origin.source,
        file_name=origin.name,
        file_sha256=origin.digest(),
        rows_read=rows_read,
        rows_refused=refusals.count,
        rows_cancelled=stage.drop_cancelled(source=origin.source),
        purchases_known=known,
        finished_at=at,
        recorded_by=by,
    )
    try:
        _record(batch, group_by=origin.group_by, at=at, report=report, chunk=chunk)
        _give_back(batch, refusals, at=at, by=by)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise Interrupted from error
        raise
    if refusals.count and not skip_bad:
        raise RowsRefused(refusals)
    return batch


def be_alone() -> None:
    """Keep other imports away until the transaction ends. Raises ImportRunning."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [IMPORT_LOCK])
        if not cursor.fetchone()[0]:
            raise ImportRunning
        # A big file takes its time, and waits for a till rather than giving up.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL lock_timeout = '60s'")


def _refuse_other_counting(origin: Origin) -> None:
    names = _OWN_NAMES if origin.has_references else _NAMES[origin.group_by]
    if stage.counted_otherwise(source=origin.source, prefix=names):
        raise CountedOtherwise(origin.source)


def _record(
    batch: ImportBatch, *, group_by: GroupBy, at: datetime, report: Report, chunk: int
) -> None:
    batch.customers_added = people.enrol_new()
    total = stage.link_customers(group_by=group_by)
    people.name_known()
    batch.save()
    tally = posting.record_staged(batch=batch, at=at, total=total, report=report, chunk=chunk)
    batch.purchases_added, batch.points_added = tally.purchases, tally.points
    batch.save()
    if tally.purchases >= MANY:
        posting.tell_planner()


def _give_back(batch: ImportBatch, refusals: Refusals, *, at: datetime, by: User | None) -> None:
    giver = Giver(source=batch.source, at=at, by=by)
    tally = giver.all(lambda line, why: refusals.add(line, Field.AMOUNT, why))
    batch.refunds_added = tally.added
    batch.purchases_known += tally.known
    batch.rows_refused = refusals.count
    batch.save()


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
