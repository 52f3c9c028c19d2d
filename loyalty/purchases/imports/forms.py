"""How a file is written: what the map says of it, and for the rest what the file shows."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from loyalty.purchases.imports.encodings import BLOCK, decoded, encoding_of
from loyalty.purchases.imports.layout import Format, Layout
from loyalty.sayings import said as _

SEPARATORS = (",", ";", "\t", "|")
LINES_LOOKED_AT = 30
WORKBOOK = b"PK\x03\x04"  # An .xlsx is a ZIP archive.


@dataclass(frozen=True)
class Form:
    format: Format
    encoding: str = ""
    separator: str = ""

    def __str__(self) -> str:
        if self.format is Format.WORKBOOK:
            return _("Excel file")
        if self.format is Format.WHITESPACE:
            return _("%(encoding)s, columns separated by spaces") % {"encoding": self.encoding}
        mark = {"\t": _("tab")}.get(self.separator, self.separator)
        words = {"encoding": self.encoding, "mark": mark}
        return _("%(encoding)s, columns separated by “%(mark)s”") % words


def form_of(stream: BinaryIO, layout: Layout) -> Form:
    """
    How that file is written; the stream stands at its start again. Raises FileRefused for what
    is no table.
    """
    start = stream.read(len(WORKBOOK))
    stream.seek(0)
    if start == WORKBOOK:
        return Form(Format.WORKBOOK)
    encoding = layout.encoding or encoding_of(stream)
    if layout.format is Format.WHITESPACE:
        return Form(Format.WHITESPACE, encoding)
    if layout.separator:
        return Form(Format.DELIMITED, encoding, layout.separator)
    lines = _first_lines(stream, encoding)
    names = {column for column in layout.columns.values() if isinstance(column, str)}
    found = max(SEPARATORS, key=lambda mark: _fit(mark, lines, names))
    if layout.format is None and _fit(found, lines, names)[1] <= 1 and _is_spaced(lines):
        return Form(Format.WHITESPACE, encoding)
    return Form(Format.DELIMITED, encoding, found)


def _first_lines(stream: BinaryIO, encoding: str) -> Sequence[str]:
    """Whole lines only: what is wrong with later ones is found when they are read."""
    text = next(decoded(iter([stream.read(BLOCK)]), encoding))
    stream.seek(0)
    lines = text.splitlines(keepends=True)
    whole = lines[:-1] if len(text) > BLOCK // 4 else lines
    return [line for line in whole if line.strip()][:LINES_LOOKED_AT]


def _fit(mark: str, lines: Sequence[str], names: set[str]) -> tuple[int, int, float]:
    """How well a separator explains the lines: names of columns found, columns, lines alike."""
    try:
        rows = list(csv.reader(iter(lines), delimiter=mark))
    except csv.Error:
        return 0, 0, 0.0
    widths = [len(row) for row in rows if len(row) > 1]
    if not widths:
        return 0, 1, 0.0
    named = max(len(names & {field.strip() for field in row}) for row in rows)
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    alike = widths.count(usual) / len(rows)
    return named, usual if alike > 0.5 else 1, alike


def _is_spaced(lines: Sequence[str]) -> bool:
    widths = {len(line.split()) for line in lines}
    return len(lines) > 1 and len(widths) == 1 and max(widths) > 1
