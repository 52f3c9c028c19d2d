"""Reading a file row by row: its lines, its fields, and where each row begins."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.purchases.imports.layout import Field, Format, Layout

MAX_LINE = 1 << 20  # Bytes.
BOM = b"\xef\xbb\xbf"
UTF_16_BOMS = (b"\xff\xfe", b"\xfe\xff")


class FileRefused(DomainError):
    """The file as a whole cannot be read; nothing was written."""

    def __init__(self, why: str, *, line: int | None = None) -> None:
        place = _("line %(line)d: ") % {"line": line} if line else ""
        super().__init__(place + why)
        self.line = line


@dataclass(frozen=True)
class FileRow:
    line: int  # Where the row begins, counted from 1.
    fields: list[str]


class SourceFile:
    """A file being read once, from the top; its digest is known when all of it was read."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self.layout = layout
        self.bytes_read = 0
        self.bytes_total = 0
        self._line = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def rows(self) -> Iterator[FileRow]:
        """
        Every row that is not blank, the header included. Raises FileRefused at the first line
        that cannot be read at all: encoding, NUL, over 1 MB, quotes that do not close.
        """
        with self._open() as stream:
            self.bytes_total = self.path.stat().st_size
            if self.bytes_total == 0:
                raise FileRefused(_("The file is empty."))
            yield from self._split(self._lines(stream))

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise FileRefused(_why(self.path, error)) from error

    def _lines(self, stream: BinaryIO) -> Iterator[str]:
        while raw := stream.readline(MAX_LINE + 1):
            self._line += 1
            if len(raw) > MAX_LINE:
                raise FileRefused(_("The line is longer than 1 MB."), line=self._line)
            self._digest.update(raw)
            self.bytes_read += len(raw)
            if self._line == 1 and self.layout.encoding == "utf-8":
                raw = raw.removeprefix(BOM)
            if self._line == 1 and raw.startswith(UTF_16_BOMS):
                raise FileRefused(_("This is UTF-16: save the file as “CSV UTF-8”."))
            if b"\x00" in raw:
                raise FileRefused(_("The line holds a NUL byte."), line=self._line)
            try:
                yield raw.decode(self.layout.encoding)
            except UnicodeDecodeError as error:
                why = _("This is not %(encoding)s.") % {"encoding": self.layout.encoding}
                raise FileRefused(why, line=self._line) from error

    def _split(self, lines: Iterator[str]) -> Iterator[FileRow]:
        if self.layout.format is Format.WHITESPACE:
            rows: Iterator[list[str]] = (line.split() for line in lines)
        else:
            rows = csv.reader(lines, delimiter=self.layout.separator, strict=True)
        while True:
            begins = self._line + 1
            try:
                fields = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                why = _("This is not a row of fields: %(error)s.") % {"error": error}
                raise FileRefused(why, line=begins) from error
            if any(field.strip() for field in fields):
                yield FileRow(begins, fields)


def _why(path: Path, error: OSError) -> str:
    missing = isinstance(error, FileNotFoundError)
    why = _("there is no such file") if missing else error.strerror
    return f"{path}: {why}"


@dataclass(frozen=True)
class Shape:
    """Which field stands in which place, counted from 0, and how many a row has."""

    places: dict[Field, int]
    width: int


def shape_of(layout: Layout, first: FileRow) -> Shape:
    """Find the mapped columns in the first row. Raises FileRefused naming what is missing."""
    headers = [header.strip() for header in first.fields] if layout.has_header else []
    places = {}
    for kind, column in layout.columns.items():
        place = _place(column, headers, len(first.fields))
        if place is not None:
            places[kind] = place
        elif kind not in layout.may_lack:
            why = _("There is no column %(column)s (for “%(field)s”).")
            why %= {"column": column, "field": kind}
            raise FileRefused(why + _hint(layout, first), line=first.line)
    return Shape(places, len(first.fields))


def _hint(layout: Layout, first: FileRow) -> str:
    """What to try when the whole header stands in one field."""
    if layout.format is Format.DELIMITED and len(first.fields) == 1:
        for mark, written in ((";", ";"), ("\t", "\\t"), (",", ",")):
            if mark in first.fields[0]:
                return _(' Does the map need separator = "%(mark)s"?') % {"mark": written}
    return ""


def _place(column: int | str, headers: list[str], width: int) -> int | None:
    if isinstance(column, int):
        return column - 1 if column <= width else None
    return headers.index(column) if headers.count(column) == 1 else None
