"""
Rows as CSV or as an Excel file. No text becomes a formula: in CSV an apostrophe stands before it
(OWASP, “CSV injection”), in Excel its cell says that it is a text. So a phone keeps its digits.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from io import StringIO
from itertools import chain, islice
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from loyalty.reports.exports.reading import Value
from loyalty.reports.tables import harmless

BYTE_ORDER_MARK = "\N{BYTE ORDER MARK}"  # Spreadsheets read Vietnamese right only with it.
LINES_AT_ONCE = 500
ROWS_A_SHEET = 1_000_000  # Excel takes 1,048,576.
GUESSED = frozenset("=#")  # What openpyxl takes for a formula or an error.
UNWRITABLE = "\N{REPLACEMENT CHARACTER}"
# What XML has no place for; openpyxl's own list lacks the last two.
UNHELD = re.compile(f"{ILLEGAL_CHARACTERS_RE.pattern}|[\ufffe\uffff]")


def csv_parts(headings: Iterable[str], rows: Iterable[list[Value]]) -> Iterator[str]:
    """The file in parts, as they come."""
    yield BYTE_ORDER_MARK + _lines([list(headings)])
    following = iter(rows)
    while some := list(islice(following, LINES_AT_ONCE)):
        yield _lines(some)


def _lines(rows: Iterable[list[Any]]) -> str:
    file = StringIO(newline="")
    csv.writer(file).writerows([_plain(value) for value in row] for row in rows)
    return file.getvalue()


def _plain(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, str):
        return harmless(UNHELD.sub(UNWRITABLE, value))
    return harmless(value)


def write_workbook(file: IO[bytes], headings: Iterable[str], rows: Iterable[list[Value]]) -> int:
    """
    Write the rows as an .xlsx and return how many there were. They go to a temporary file one by
    one; beyond a million they go on in another sheet.
    """
    book, names = Workbook(write_only=True), list(headings)
    following, count = iter(rows), 0
    some = list(islice(following, 1))
    while some or count == 0:
        sheet: WriteOnlyWorksheet = book.create_sheet()
        sheet.freeze_panes = "A2"
        sheet.append([_cell(sheet, name) for name in names])
        for row in chain(some, islice(following, ROWS_A_SHEET - 1)):
            sheet.append([_cell(sheet, value) for value in row])
            count += 1
        some = list(islice(following, 1))
        if not count:
            break
    book.save(file)
    return count


def _cell(sheet: WriteOnlyWorksheet, value: Value) -> Any:
    """A text is a text, whatever it begins with."""
    if not isinstance(value, str):
        return value
    text = UNHELD.sub(UNWRITABLE, value)
    if text[:1] not in GUESSED:
        return text  # Written as a text anyway, and much faster than a cell that is told so.
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
