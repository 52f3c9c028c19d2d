"""Every report as one plain table, for the command line and for spreadsheets."""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.dates import month_start
from loyalty.reports import cohorts, frequency, repeat, retention, returning, revenue
from loyalty.reports.periods import Period, days_until
from loyalty.reports.shares import Share

Cell = str | int | bool | Decimal | date | None
Text = str | Promise
DEFAULT_DAYS = 30  # Of a report that makes no sense without a period.
# A spreadsheet takes a text that starts so for a formula, the wide forms too.
FORMULA_STARTS = frozenset("=+-@\t\r\n\0＝＋－＠")
# Where a country's decimal sign is the comma, as in Vietnam, Excel parts a CSV file at semicolons.
_INNER_START = re.compile(r"([;\t\r\n]\s*)(?=[=+\-@＝＋－＠])")


@dataclass(frozen=True)
class Scope:
    """What is asked about; days are the shop's, both inside, None without a limit."""

    on: date  # The day as of which the question is asked.
    since: date | None = None
    until: date | None = None
    branch: int | None = None

    @property
    def last(self) -> date:
        return self.until or self.on


@dataclass(frozen=True)
class Column:
    key: str  # For programs; never changes.
    label: Text


@dataclass(frozen=True)
class Table:
    name: str
    definition: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    since: date | None  # The days really counted, both inside; None: from the first sale on.
    until: date


PERCENT = Column("percent", _("Percent"))
CUSTOMERS = Column("customers", _("Customers"))


def retention_table(scope: Scope) -> Table:
    """One row: the period, else the last 30 days."""
    period = Period(
        scope.since or days_until(scope.last, days=DEFAULT_DAYS).first,
        scope.last,
    )
    answer = retention.retention(
        since=period.first,
        until=period.last,
        active_days=retention.active_days_for(period),
        branch=scope.branch,
    )
    return _retention_rows([answer])


def months_table(scope: Scope) -> Table:
    """The 24 newest months that are over."""
    this_year, year_before = retention.retention_by_month(until=scope.last, branch=scope.branch)
    return _retention_rows([*year_before, *this_year])


def _retention_rows(answers: Sequence[retention.Retention]) -> Table:
    return Table(
        "retention",
        str(retention.DEFINITION) % {"days": answers[0].active_days},
        (
            Column("from", _("From")),
            Column("to", _("To")),
            Column("active_days", _("Days that count as buying")),
            Column("at_start", _("Buying at the start")),
            Column("new", _("New customers")),
            Column("at_end", _("Buying at the end")),
            PERCENT,
        ),
        tuple(
            (
                answer.period.first,
                answer.period.last,
                answer.active_days,
                answer.at_start,
                answer.new,
                answer.at_end,
                percent(answer.rate),
            )
            for answer in answers
        ),
        answers[0].period.first,
        answers[-1].period.last,
    )


def repeat_table(scope: Scope) -> Table:
    share = repeat.repeat_rate(since=scope.since, until=scope.last, branch=scope.branch)
    columns = (Column("repeat_customers", _("Bought again")), CUSTOMERS, PERCENT)
    row = (share.part, share.whole, percent(share))
    return Table("repeat", repeat.DEFINITION, columns, (row,), scope.since, scope.last)


def frequency_table(scope: Scope) -> Table:
    groups = frequency.frequency(since=scope.since, until=scope.last, branch=scope.branch)
    columns = (Column("times", _("Times bought")), CUSTOMERS, PERCENT)
    rows = [(str(group.times), group.share.part, percent(group.share)) for group in groups[:-1]]
    most = groups[-1]
    rows.append((f"{most.times}+", most.share.part, percent(most.share)))
    days = (scope.since, scope.last)
    return Table("frequency", frequency.DEFINITION, columns, tuple(rows), *days)


def cohorts_table(scope: Scope) -> Table:
    """One row a cell, of whole months; the last one may still grow."""
    since = month_start(scope.since) if scope.since else None
    grid = cohorts.cohort_grid(since, until=scope.last, branch=scope.branch)
    columns = (
        Column("first_month", _("First purchase")),
        Column("months_later", _("Months later")),
        Column("cohort_size", _("New customers")),
        CUSTOMERS,
        PERCENT,
        Column("finished", _("Month over")),
    )
    rows = tuple(
        (
            f"{cohort.month:%Y-%m}",
            later,
            cohort.size,
            customers,
            percent(cohort.share(later)),
            not (grid.unfinished and later == len(cohort.customers) - 1),
        )
        for cohort in grid.cohorts
        for later, customers in enumerate(cohort.customers)
    )
    return Table("cohorts", cohorts.DEFINITION, columns, rows, since, scope.last)


def returning_table(scope: Scope) -> Table:
    answers = returning.second_visits(
        on=scope.on, since=scope.since, until=scope.last, branch=scope.branch
    )
    columns = (
        Column("within_days", _("Within days")),
        Column("returned", _("Bought again")),
        Column("new_customers", _("New customers")),
        PERCENT,
    )
    rows = [
        (answer.days, answer.share.part, answer.share.whole, percent(answer.share))
        for answer in answers
    ]
    days = (scope.since, scope.last)
    return Table("returning", returning.DEFINITION, columns, tuple(rows), *days)


def revenue_table(scope: Scope) -> Table:
    """By the key of the tier; amounts in minor units."""
    answer = revenue.revenue(since=scope.since, until=scope.last, branch=scope.branch)
    columns = (
        Column("group", _("Group")),
        CUSTOMERS,
        Column("purchases", _("Bills")),
        Column("amount_minor", _("Revenue")),
        PERCENT,
    )

    def row(group: str, takings: revenue.Takings) -> tuple[Cell, ...]:
        share = percent(Share(takings.amount_minor, answer.total_minor))
        return (group, takings.customers, takings.purchases, takings.amount_minor, share)

    rows = [row(f"tier:{takings.tier_key}", takings) for takings in answer.tiers]
    rows.append(row("anonymous", answer.anonymous))
    return Table("revenue", revenue.DEFINITION, columns, tuple(rows), scope.since, scope.last)


TABLES: dict[str, Callable[[Scope], Table]] = {
    "retention": retention_table,
    "months": months_table,
    "repeat": repeat_table,
    "frequency": frequency_table,
    "cohorts": cohorts_table,
    "returning": returning_table,
    "revenue": revenue_table,
}


def percent(share: Share) -> Decimal | None:
    """With one decimal, rounded half up."""
    return None if share.tenths is None else Decimal(share.tenths).scaleb(-1)


def csv_text(headings: Iterable[str], rows: Iterable[Iterable[Cell]]) -> str:
    """
    The table as CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an
    apostrophe in front (OWASP, “CSV injection”); figures stay figures.
    """
    file = StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([harmless(heading) for heading in headings])
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return file.getvalue()


def harmless(cell: Cell) -> Cell:
    """
    >>> harmless("=1+1"), harmless("\N{FULLWIDTH EQUALS SIGN}1"), harmless("Lan"), harmless(-5)
    ("'=1+1", "'＝1", 'Lan', -5)
    >>> harmless("Lan; =1+1"), harmless("Lan; An")
    ("Lan; '=1+1", 'Lan; An')
    """
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if not isinstance(cell, str):
        return cell
    starts = {cell[:1], cell.lstrip()[:1]}
    inside = _INNER_START.sub(r"\1'", cell)
    return f"'{inside}" if starts & FORMULA_STARTS else inside
