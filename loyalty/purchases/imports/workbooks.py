"""
Reading an Excel file row by row. Only what Excel kept is read: no formula is ever worked out.

An .xlsx is a ZIP archive, so what it unpacks to is asked before anything is unpacked.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from loyalty.purchases.imports.refused import EXCEL_ROWS, MAX_COLUMNS, FileRefused, Limits
from loyalty.sayings import said as _

MOST_PARTS = 10_000
# Tables of the same few words pack well, a hundredfold at most; zeros a thousandfold.
MOST_PACKED = 150
SMALL = 20_000_000  # Bytes that do no harm, however they were packed.
READ_AT_ONCE = 500  # Rows.
_NUMBER_IS_EXACT = 10**15
_WRITTEN_OUT = re.compile("_x00(0[9AD])_")  # Tabs and line ends, as some programs put them.
# What openpyxl raises for archives that are no workbooks, or broken ones.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, InvalidFileException, ParseError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError),
)
Cells = tuple[list[str], frozenset[int]]  # Their texts, and the places of numbers and dates.


def rows_of(path: Path, *, sheet: str, limits: Limits) -> Iterator[tuple[int, Cells]]:
    """
    Every row of a sheet with its number; without a name, of the first sheet that is not hidden.
    Numbers are plain decimals, dates ISO 8601. Raises FileRefused for what is no workbook, and
    for one that unpacks to more than the limits allow.
    """
    _refuse_bomb(path, limits)
    try:
        # Opened here: openpyxl takes no file by a name that does not end in .xlsx.
        with path.open("rb") as stream:
            book = _quietly(lambda: load_workbook(stream, read_only=True, data_only=True))
            chosen = _sheet(book, sheet)
            chosen.reset_dimensions()  # Some programs write wrong ones.
            yield from _rows(chosen)
    except _BROKEN as error:
        raise FileRefused(_("This Excel file is damaged: open it and save it anew.")) from error


def _refuse_bomb(path: Path, limits: Limits) -> None:
    """The sizes can be trusted: Python reads no more of a part than its size says."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except _BROKEN as error:
        raise FileRefused(_("This Excel file is damaged: open it and save it anew.")) from error
    size = sum(part.file_size for part in parts)
    is_bomb = size > SMALL and size > MOST_PACKED * path.stat().st_size
    if len(parts) > MOST_PARTS or size > limits.megabytes * 1_000_000 or is_bomb:
        raise FileRefused(_("This Excel file unpacks to more than is taken in at once."))


def _sheet(book: Any, name: str) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name and name not in sheets:
        names = ", ".join(sheets)
        raise FileRefused(
            _("There is no sheet of that name. There are: %(names)s") % {"names": names}
        )
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not shown and not name:
        raise FileRefused(_("The file is empty."))
    return sheets[name] if name else shown[0]


def _rows(sheet: Any) -> Iterator[tuple[int, Cells]]:
    rows = enumerate(sheet.iter_rows(values_only=True), 1)
    while some := _quietly(lambda: list(islice(rows, READ_AT_ONCE))):
        for line, values in some:
            if line > EXCEL_ROWS or len(values) > MAX_COLUMNS:
                raise FileRefused(_("There are more rows or columns than a table has."), line=line)
            if values:
                yield line, _cells(values)


def _quietly(work: Any) -> Any:
    """openpyxl warns of styles and charts that it leaves out; nobody asked for these."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()


def _cells(values: tuple[Any, ...]) -> Cells:
    typed = [
        place
        for place, value in enumerate(values)
        if isinstance(value, int | float | date) and not isinstance(value, bool)
    ]
    return [_text(value) for value in values], frozenset(typed)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < _NUMBER_IS_EXACT
        return str(int(value)) if whole else f"{Decimal(repr(value)):f}"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return _WRITTEN_OUT.sub(lambda found: chr(int(found[1], 16)), str(value))


def _moment(value: datetime) -> str:
    """A day where there is no time of day; Excel counts in fractions of a day, hence rounded."""
    near = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    return near.date().isoformat() if near.time() == time.min else near.isoformat()
