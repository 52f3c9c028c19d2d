"""
The map of a file: which of its columns is what, read from a small TOML document.

An unknown key is refused with its line. docs/import.md explains every key with an example.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.purchases.imports.encodings import ENCODINGS
from loyalty.text import fold
from loyalty.toml import Reader

KEYS = {
    *("source", "format", "separator", "header", "encoding", "sheet", "group_by", "anonymous"),
    "columns",
}
DATE_LETTERS = set("YymdHMS%")
SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class Format(StrEnum):
    DELIMITED = "delimited"
    WHITESPACE = "whitespace"  # Runs of spaces and tabs; those at the ends do not count.
    WORKBOOK = "excel"


class GroupBy(StrEnum):
    ROW = "row"  # Every row is a purchase.
    RECEIPT = "receipt"  # All rows of a receipt number are the lines of one purchase.
    CUSTOMER_DAY = "customer_day"  # All rows of a customer's day are one purchase.


class Field(StrEnum):
    CUSTOMER = "customer"
    PHONE = "phone"
    NAME = "name"
    DATE = "date"
    AMOUNT = "amount"
    REFERENCE = "reference"
    BRANCH = "branch"
    STATUS = "status"  # Whether the sale was cancelled or given back.
    RETURN_OF = "return_of"  # On a return: the receipt number of the sale.
    # Of the lines of receipts.
    TOTAL = "total"  # What was paid for the receipt; on each of its rows.
    ARTICLE = "article"
    ITEM = "item"
    CATEGORY = "category"
    QUANTITY = "quantity"
    PRICE = "price"


OF_LINES = {Field.TOTAL, Field.ARTICLE, Field.ITEM, Field.CATEGORY, Field.QUANTITY, Field.PRICE}
OPTIONS = {
    Field.REFERENCE: {"column", "returns_begin_with", "cancelled_begin_with"},
    Field.STATUS: {"column", "returned", "cancelled"},
    Field.CUSTOMER: {"column", "integer"},
    Field.DATE: {"column", "format"},
    Field.AMOUNT: {"column", "decimal", "thousands"},
}


@dataclass(frozen=True)
class Layout:
    source: str
    columns: Mapping[Field, int | str]  # A number from 1, or a header.
    # What is left out here is seen from the file.
    format: Format | None = None
    separator: str = ""
    has_header: bool | None = None
    encoding: str = ""
    sheet: str = ""  # Of an Excel file; empty: the first one that is not hidden.
    group_by: GroupBy = GroupBy.ROW
    keeps_anonymous: bool = False  # A row without customer and phone is an anonymous sale.
    customer_is_integer: bool = False  # 00004 and 4 are one customer.
    date_format: str = ""  # As of strptime; empty: ISO 8601, with or without a time.
    decimal: str = "."
    thousands: str = ""
    # How receipts begin, and what their status says, where a sale was given back or cancelled.
    return_prefix: str = ""
    cancelled_prefix: str = ""
    returned: frozenset[str] = frozenset()  # Without marks and capitals.
    cancelled: frozenset[str] = frozenset()
    may_lack: frozenset[Field] = field(default_factory=frozenset)  # Columns the file may not have.


class InvalidMap(DomainError):
    """The map cannot be used; the text names each line, key and what is allowed."""


# For a file whose header says it in our words.
USUAL = Layout(
    source="file",
    columns=MappingProxyType({kind: kind.value for kind in set(Field) - OF_LINES}),
    keeps_anonymous=True,
    may_lack=frozenset(Field) - {Field.DATE, Field.AMOUNT},
)


def parse(text: str) -> Layout:
    """The map that a TOML document describes. Raises InvalidMap with every mistake."""
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one; so is a number of thousands of digits.
        raise InvalidMap(_("Not valid TOML: %(error)s") % {"error": error}) from error
    reader = Reader(text)
    root = reader.table("", data, KEYS)
    columns = reader.table("columns", root.get("columns", {}), {kind.value for kind in Field})
    has_header = reader.boolean("", root, "header", default=True) if "header" in root else None
    layout = Layout(
        source=_source(reader, root),
        columns=MappingProxyType(_columns(reader, columns, named=has_header is not False)),
        format=reader.choice("", root, "format", Format) if "format" in root else None,
        separator=_letter(reader, "", root, "separator", default=""),
        has_header=has_header,
        encoding=_encoding(reader, root),
        sheet=reader.text("", root, "sheet", default=""),
        group_by=reader.choice("", root, "group_by", GroupBy),
        keeps_anonymous=reader.boolean("", root, "anonymous", default=False),
        **_options(reader, columns),
    )
    _check_together(reader, layout)
    if reader.errors:
        raise InvalidMap("\n".join(reader.errors))
    return layout


def _source(reader: Reader, root: dict[str, Any]) -> str:
    source = reader.text("", root, "source")
    if source and not SOURCE.fullmatch(source):
        reader.refuse("", "source", _("small letters, digits, dots, - and _ only, at most 40"))
    return source


def _columns(reader: Reader, tables: dict[str, Any], *, named: bool) -> dict[Field, int | str]:
    found: dict[Field, int | str] = {}
    for key in [kind for kind in Field if kind.value in tables]:
        place = f"columns.{key}"
        row = reader.table(place, tables[key], OPTIONS.get(key, {"column"}))
        column = row.get("column")
        is_name = isinstance(column, str) and named and bool(column.strip())
        is_number = type(column) is int and 0 < column < 10_000
        if isinstance(column, int | str) and (is_name or is_number):
            found[key] = column
        else:
            reader.refuse(place, "column", _("a number from 1, or the header's text in quotes"))
    return found


def _options(reader: Reader, columns: dict[str, Any]) -> dict[str, Any]:
    tables = {key: row if isinstance(row, dict) else {} for key, row in columns.items()}
    customer, date, amount = (tables.get(key, {}) for key in ("customer", "date", "amount"))
    receipt, status = (tables.get(key, {}) for key in ("reference", "status"))
    date_format = reader.text("columns.date", date, "format", default="")
    if set(re.findall(r"%(.)", date_format)) - DATE_LETTERS:
        reader.refuse("columns.date", "format", _("only %Y %y %m %d %H %M %S and marks"))
    elif date_format and not re.search(r"%[Yy]", date_format):
        reader.refuse("columns.date", "format", _("the year is missing"))
    return {
        "customer_is_integer": reader.boolean(
            "columns.customer", customer, "integer", default=False
        ),
        "date_format": date_format,
        "decimal": _letter(reader, "columns.amount", amount, "decimal", default="."),
        "thousands": _letter(reader, "columns.amount", amount, "thousands", default=""),
        "return_prefix": _prefix(reader, receipt, "returns_begin_with"),
        "cancelled_prefix": _prefix(reader, receipt, "cancelled_begin_with"),
        "returned": frozenset(map(fold, reader.texts("columns.status", status, "returned"))),
        "cancelled": frozenset(map(fold, reader.texts("columns.status", status, "cancelled"))),
    }


def _prefix(reader: Reader, row: dict[str, Any], key: str) -> str:
    return reader.text("columns.reference", row, key, default="").strip().upper()


def _letter(reader: Reader, place: str, row: dict[str, Any], key: str, *, default: str) -> str:
    letter = reader.text(place, row, key, default=default)
    if len(letter) > 1 or letter in ('"', "\r", "\n") or (default and not letter):
        reader.refuse(place, key, _("one letter or mark in quotes"))
        return default
    return letter


def _encoding(reader: Reader, root: dict[str, Any]) -> str:
    encoding = reader.text("", root, "encoding", default="").lower()
    if encoding and encoding not in ENCODINGS:
        names = ", ".join(ENCODINGS)
        reader.refuse("", "encoding", _("one of: %(names)s") % {"names": names})
    return encoding


def _check_together(reader: Reader, layout: Layout) -> None:
    for needed in (Field.DATE, Field.AMOUNT):
        if needed not in layout.columns:
            reader.refuse("columns", needed, _("this column is needed"))
    people = {Field.CUSTOMER, Field.PHONE} & layout.columns.keys()
    if not people and not layout.keeps_anonymous:
        reader.refuse("columns", "customer", _("a customer or a phone column is needed"))
    if layout.group_by is GroupBy.RECEIPT and Field.REFERENCE not in layout.columns:
        reader.refuse("columns", "reference", _("this column is needed"))
    if layout.group_by is not GroupBy.RECEIPT:
        for kind in sorted(OF_LINES & layout.columns.keys()):
            reader.refuse("columns", kind, _('only with group_by = "receipt"'))
    if layout.group_by is GroupBy.CUSTOMER_DAY:
        if Field.REFERENCE in layout.columns:
            reader.refuse("", "group_by", _("rows with numbers of their own are not merged"))
        if Field.STATUS in layout.columns:
            reader.refuse("", "group_by", _("rows that say whether they count are not merged"))
        if layout.keeps_anonymous:
            reader.refuse("", "group_by", _("anonymous sales are not merged"))
    if layout.decimal == layout.thousands:
        reader.refuse("columns.amount", "thousands", _("the same as the decimal mark"))
