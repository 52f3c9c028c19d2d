"""Reading a file row by row, whatever it is written in, and where each of its rows begins."""

import csv
import hashlib
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from loyalty.purchases.imports import workbooks
from loyalty.purchases.imports.encodings import BLOCK, decoded
from loyalty.purchases.imports.forms import Form, form_of
from loyalty.purchases.imports.layout import Field, Format, Layout
from loyalty.purchases.imports.refused import (
    MAX_COLUMNS,
    MAX_LINE,
    USUAL_LIMITS,
    ColumnsMissing,
    FileRefused,
    Limits,
)
from loyalty.sayings import said as _

ROWS_ABOVE_HEADER = 20  # Titles and notes that a sheet may begin with.
ROWS_SHOWN = 4  # With the header.
ROWS_BETWEEN_CLOCKS = 1_000
UNTYPED: frozenset[int] = frozenset()


class FileRow(NamedTuple):
    line: int  # Where the row begins, counted from 1.
    fields: list[str]
    typed: frozenset[int] = UNTYPED  # Places of the numbers and dates of an Excel file.


@dataclass(frozen=True)
class Shape:
    """Which field stands in which place, counted from 0, and how many a row has."""

    places: dict[Field, int]
    width: int


@dataclass
class SourceFile:
    """A file being read once, from the top; its digest is known when all of it was read."""

    path: Path
    layout: Layout
    limits: Limits = USUAL_LIMITS
    clock: Callable[[], float] = time.monotonic
    form: Form = field(default_factory=lambda: Form(Format.DELIMITED))
    first: list[FileRow] = field(default_factory=list)  # To be shown to a person.
    bytes_read: int = 0
    bytes_total: int = 0

    def __post_init__(self) -> None:
        self._line = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def table(self) -> tuple[Shape, Iterator[FileRow]]:
        """
        Where the mapped columns are, and the rows below the header, which may have titles above
        it. Raises FileRefused, also for a column that is missing.
        """
        rows = self.rows()
        self.first = list(islice(rows, ROWS_ABOVE_HEADER + ROWS_SHOWN))
        rows = chain(self.first, rows)
        tops = list(islice(rows, 1))
        if not tops:
            raise FileRefused(_("The file is empty."))
        shape = find_shape(self.layout, tops[0])
        while shape is None and len(tops) <= ROWS_ABOVE_HEADER and (more := next(rows, None)):
            tops.append(more)
            shape = find_shape(self.layout, more)
        if shape is None:
            shape_of(self.layout, tops[0])  # Raises, naming what is missing.
            raise FileRefused(_("The file is empty."))
        headed = has_header(self.layout, shape, tops[-1])
        return shape, self._even(rows if headed else chain(tops[-1:], rows), shape.width)

    def rows(self) -> Iterator[FileRow]:
        """
        Every row that is not blank, the header included. Raises FileRefused at the first line
        that cannot be read at all: encoding, NUL, over a million letters, quotes that do not
        close; and where the file is larger than the limits.
        """
        with self._open() as stream:
            self.bytes_total = self.path.stat().st_size
            if self.bytes_total == 0:
                raise FileRefused(_("The file is empty."))
            if self.bytes_total > self.limits.megabytes * 1_000_000:
                why = _("The file is larger than %(count)d MB.")
                raise FileRefused(why % {"count": self.limits.megabytes})
            self.form = form_of(stream, self.layout)
            yield from self._within_limits(self._all(stream))

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise FileRefused(_why(self.path, error)) from error

    def _all(self, stream: BinaryIO) -> Iterator[FileRow]:
        if self.form.format is not Format.WORKBOOK:
            yield from self._split(self._lines(stream))
            return
        deque(self._blocks(stream), maxlen=0)  # For the digest.
        numbers = [column for column in self.layout.columns.values() if isinstance(column, int)]
        sheet = workbooks.rows_of(self.path, sheet=self.layout.sheet, limits=self.limits)
        for line, (fields, typed) in sheet:
            said = _filled([_composed(field) for field in fields], max(numbers, default=0))
            yield FileRow(line, said, typed)

    def _within_limits(self, rows: Iterator[FileRow]) -> Iterator[FileRow]:
        ends = self.clock() + self.limits.minutes * 60
        count = 0
        for count, row in enumerate((row for row in rows if _says_something(row)), 1):
            if len(row.fields) > MAX_COLUMNS:
                raise FileRefused(
                    _("There are more rows or columns than a table has."), line=row.line
                )
            if count > self.limits.rows + 1:
                why = _("There are more than %(count)d rows.") % {"count": self.limits.rows}
                raise FileRefused(why, line=row.line)
            if count % ROWS_BETWEEN_CLOCKS == 0 and self.clock() > ends:
                why = _("Reading takes more than %(count)d minutes.")
                raise FileRefused(why % {"count": self.limits.minutes}, line=row.line)
            yield row

    def _blocks(self, stream: BinaryIO) -> Iterator[bytes]:
        while block := stream.read(BLOCK):
            self._digest.update(block)
            self.bytes_read += len(block)
            yield block

    def _lines(self, stream: BinaryIO) -> Iterator[str]:
        rest = ""
        for text in decoded(self._blocks(stream), self.form.encoding):
            *whole, rest = (rest + text).split("\n")
            for line in whole:
                yield self._line_of(line + "\n")
            if len(rest) > MAX_LINE:
                self._line_of(rest)
        if rest:
            yield self._line_of(rest)

    def _line_of(self, line: str) -> str:
        self._line += 1
        if len(line) > MAX_LINE:
            raise FileRefused(_("The line is longer than 1 MB."), line=self._line)
        if "\x00" in line:
            raise FileRefused(_("The line holds a NUL byte."), line=self._line)
        return _composed(line)

    def _split(self, lines: Iterator[str]) -> Iterator[FileRow]:
        if self.form.format is Format.WHITESPACE:
            rows: Iterator[list[str]] = (line.split() for line in lines)
        else:
            rows = csv.reader(lines, delimiter=self.form.separator, strict=True)
        while True:
            begins = self._line + 1
            try:
                fields = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                why = _("This is not a row of fields: %(error)s.") % {"error": error}
                raise FileRefused(why, line=begins) from error
            yield FileRow(begins, fields)

    def _even(self, rows: Iterator[FileRow], width: int) -> Iterator[FileRow]:
        """Rows of an Excel file end with their last cell that says something: make them alike."""
        if self.form.format is not Format.WORKBOOK:
            return rows
        return (FileRow(row.line, _filled(row.fields, width), row.typed) for row in rows)


def _filled(fields: list[str], width: int) -> list[str]:
    """As many fields as that, and more only where they say something."""
    last = max((place for place, text in enumerate(fields, 1) if text.strip()), default=0)
    fields = fields[: max(last, width)]
    return fields + [""] * (width - len(fields))


def _says_something(row: FileRow) -> bool:
    return any(map(str.strip, row.fields))


def _composed(text: str) -> str:
    """Vietnamese letters may come in pieces; one name must not be two texts."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _why(path: Path, error: OSError) -> str:
    missing = isinstance(error, FileNotFoundError)
    why = _("there is no such file") if missing else error.strerror
    return f"{path}: {why}"


def find_shape(layout: Layout, row: FileRow) -> Shape | None:
    """The places of the mapped columns if the row is the header, or nobody names any."""
    places = _places(layout, row)
    missing = layout.columns.keys() - places.keys() - layout.may_lack
    return None if missing else Shape(places, len(row.fields))


def shape_of(layout: Layout, first: FileRow) -> Shape:
    """Find the mapped columns in the first row. Raises FileRefused naming what is missing."""
    places = _places(layout, first)
    for kind, column in layout.columns.items():
        if kind not in places and kind not in layout.may_lack:
            why = _("There is no column %(column)s (for “%(field)s”).")
            why %= {"column": column, "field": kind}
            raise ColumnsMissing(why + _hint(first), line=first.line)
    return Shape(places, len(first.fields))


def has_header(layout: Layout, shape: Shape, first: FileRow) -> bool:
    """Whether that row is the header: the map says so, or it has no digit where every row has."""
    if layout.has_header is not None:
        return layout.has_header
    if any(isinstance(column, str) for column in layout.columns.values()):
        return True
    telling = (Field.AMOUNT, Field.PHONE, Field.CUSTOMER)
    place = next((shape.places[kind] for kind in telling if kind in shape.places), 0)
    return not any(letter.isdigit() for letter in first.fields[place])


def _places(layout: Layout, row: FileRow) -> dict[Field, int]:
    named = layout.has_header is not False
    headers = [header.strip() for header in row.fields] if named else []
    found = {
        kind: _place(column, headers, len(row.fields)) for kind, column in layout.columns.items()
    }
    return {kind: place for kind, place in found.items() if place is not None}


def _hint(first: FileRow) -> str:
    """What to try when the whole header stands in one field."""
    if len(first.fields) == 1:
        for mark, written in ((";", ";"), ("\t", "\\t"), (",", ",")):
            if mark in first.fields[0]:
                return _(' Does the map need separator = "%(mark)s"?') % {"mark": written}
    return ""


def _place(column: int | str, headers: Sequence[str], width: int) -> int | None:
    if isinstance(column, int):
        return column - 1 if column <= width else None
    return headers.index(column) if headers.count(column) == 1 else None
