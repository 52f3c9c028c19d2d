"""Bringing a file of customers in, with what they have: one transaction, once however often."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import IntegrityError, transaction

from customers import bulk
from customers.bulk import NewCustomer
from customers.changing import Changes as Corrections
from customers.changing import change_customer
from customers.models import Customer
from loyalty.dates import start_of_day
from loyalty.errors import InvalidInput
from loyalty.purchases.imports.doubles import doubles_in
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import Layout
from loyalty.purchases.imports.members.changes import Changes, What
from loyalty.purchases.imports.members.holdings import Holdings
from loyalty.purchases.imports.members.matching import People, Person, known
from loyalty.purchases.imports.members.openings import Openings
from loyalty.purchases.imports.members.rows import MemberChecker, MemberRow
from loyalty.purchases.imports.reading import FileRow, Shape
from loyalty.purchases.imports.refusals import Refusals, RowsRefused
from loyalty.purchases.imports.turns import Interrupted, be_alone
from loyalty.purchases.models import ImportBatch
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import get_shop
from loyalty.tiers.services import course_of

CHUNK = 1_000  # Rows that are looked up and written together.


@dataclass(frozen=True)
class Members:
    """What came of a file of customers."""

    batch: ImportBatch
    changes: Changes


@transaction.atomic
def import_members(job: Job) -> Members:
    """
    Enrol the customers of a file whom nobody knows, complete those who are known where something
    is empty, and keep the points, tiers and consents they bring along. Nothing that is known is
    overwritten.

    Safe to repeat. Raises FileRefused, RowsRefused, ImportRunning, AuthorNeeded; then nothing
    was written but the file of refused rows.
    """
    file = job.file
    with job.refusals() as refusals:
        shape, rows = file.table()
        be_alone()
        checker = _checker(job.layout, shape, at=job.at)
        run = _Run(checker, refusals, Changes(), job.at, job.by)
        count = 0
        while chunk := list(islice(rows, CHUNK)):
            count += len(chunk)
            run.take(chunk)
            job.report("reading", file.bytes_read, file.bytes_total)
        run.tell_doubles()
        if refusals.count and not job.skip_bad:
            raise RowsRefused(refusals)
    batch = ImportBatch.objects.create(
        source=job.layout.source,
        file_name=job.file_name,
        file_sha256=file.sha256,
        rows_read=count,
        rows_refused=refusals.count,
        customers_added=run.changes.counts[What.NEW],
        points_added=run.changes.points,
        finished_at=job.at,
        recorded_by=job.by,
    )
    transaction.set_rollback(job.dry_run)
    return Members(batch, run.changes)


def _checker(layout: Layout, shape: Shape, *, at: datetime) -> MemberChecker:
    shop = get_shop()
    branches = {
        name.lower(): branch.pk
        for branch in Branch.objects.all()
        for name in (branch.name, branch.key)
    }
    rules = course_of(shop.zone).at(at)
    return MemberChecker(layout, shape, rules.programme, shop.zone, branches, at)


class _Run:
    """One file on its way in."""

    def __init__(
        self,
        checker: MemberChecker,
        refusals: Refusals,
        changes: Changes,
        at: datetime,
        by: User | None,
    ) -> None:
        self.checker, self.refusals, self.changes = checker, refusals, changes
        self.at, self.by = at, by
        rules = course_of(get_shop().zone).at(at)
        openings = Openings(checker.layout.source)
        self.holdings = Holdings(
            checker.layout, rules, at, checker.today, by, refusals, changes, openings
        )
        self.lines: dict[int, int] = {}  # By customer, the first row about them.

    def take(self, rows: list[FileRow]) -> None:
        read = list(self._read(rows))
        people = list(self._people(read))
        self._enrol([person for person in people if person.known is None])
        for person in people:
            if person.known is not None:
                self._complete(person.known, person)
        met = People(known(read))
        held = [(met.of(row).known, row) for person in people for row in person.rows]
        sure = [(customer, row) for customer, row in held if customer is not None]
        for customer, row in sure:
            self.lines.setdefault(customer.pk, row.line)
        self.holdings.keep(sure)

    def tell_doubles(self) -> None:
        """Who might be one person; a suggestion, for nobody is merged by a machine."""
        for double in doubles_in(self.lines):
            self.changes.add_double(double)

    def _read(self, rows: list[FileRow]) -> Iterator[MemberRow]:
        for row in rows:
            try:
                yield self.checker.read(row)
            except InvalidInput as error:
                self.refusals.add(row.line, error.field, str(error))

    def _people(self, rows: list[MemberRow]) -> Iterator[Person]:
        people = People(known(rows))
        found: dict[int, Person] = {}
        for row in rows:
            try:
                person = people.of(row)
            except InvalidInput as error:
                self.refusals.add(row.line, error.field, str(error))
            else:
                found[id(person)] = person
        return iter(found.values())

    def _enrol(self, people: list[Person]) -> None:
        try:
            with transaction.atomic():
                bulk.enrol_many([self._new(person) for person in people])
        except IntegrityError as error:
            raise Interrupted from error
        for person in people:
            self.changes.add(person.rows[0].line, What.NEW)

    def _new(self, person: Person) -> NewCustomer:
        rows = person.rows
        joined = next((row.joined_on for row in rows if row.joined_on), None)
        return NewCustomer(
            **person.values,
            name=next((row.name for row in rows if row.name), ""),
            birthday=next((row.birthday for row in rows if row.birthday), None),
            joined_at=start_of_day(joined, self.checker.zone) if joined else self.at,
            joined_branch_id=next((row.branch_id for row in rows if row.branch_id), None),
        )

    def _complete(self, customer: Customer, person: Person) -> None:
        """Fill in what is empty; another name or birthday than the known one is left alone."""
        empty = set(person.lacking) | ({"name"} if not customer.name else set())
        if customer.birthday is None:
            empty.add("birthday")
        found = {
            name: next((getattr(row, name) for row in person.rows if getattr(row, name)), None)
            for name in sorted(empty)
        }
        new = {name: value for name, value in found.items() if value}
        if new:
            change_customer(customer=customer, changes=Corrections(**new), by=self.by)
            self.changes.add(person.rows[0].line, What.COMPLETED, " ".join(new))
