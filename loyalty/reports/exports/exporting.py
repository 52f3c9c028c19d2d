"""Taking a sheet out: who did is written down first, then its rows go out as they are read."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import IO

from loyalty.reports.exports.reading import Span, Value, rows_of
from loyalty.reports.exports.sheets import SHEETS, Sheet
from loyalty.reports.exports.writing import csv_parts, write_workbook
from loyalty.reports.models import Export
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop


def as_csv(
    *, name: str, span: Span, at: datetime, by: User | None, keys: bool = False
) -> Iterator[str]:
    """
    The sheet of that name as CSV in parts, with headings for people, or with `keys` for programs.
    The caller has asked whether `by` may have it.
    """
    _note(name, Export.Format.CSV, span, at=at, by=by)
    sheet, rows = _opened(name, span, at)
    return csv_parts(_headings(sheet, keys=keys), rows)


def write_xlsx(
    file: IO[bytes], *, name: str, span: Span, at: datetime, by: User | None, keys: bool = False
) -> int:
    """The same as an Excel file, written into `file`; returns how many rows it has."""
    _note(name, Export.Format.XLSX, span, at=at, by=by)
    sheet, rows = _opened(name, span, at)
    return write_workbook(file, _headings(sheet, keys=keys), rows)


def file_name(name: str, form: str, on: date) -> str:
    """
    >>> file_name("customers", "csv", date(2026, 11, 22))
    'customers-2026-11-22.csv'
    """
    return f"{name}-{on}.{form}"


def _note(name: str, form: Export.Format, span: Span, *, at: datetime, by: User | None) -> None:
    Export.objects.create(
        name=name,
        format=form,
        since=span.since,
        until=span.until,
        exported_at=at,
        exported_by=by,
    )


def _opened(name: str, span: Span, at: datetime) -> tuple[Sheet, Iterator[list[Value]]]:
    sheet = SHEETS[name]
    return sheet, rows_of(sheet, span, get_shop(), at=at)


def _headings(sheet: Sheet, *, keys: bool) -> list[str]:
    return [column.key if keys else str(column.label) for column in sheet.columns]
