"""
The map of a file: which of its columns is what, read from a small TOML document.

An unknown key is refused with its line. docs/import.md explains every key with an example.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
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
    # Of files of customers.
    EMAIL = "email"
    BIRTHDAY = "birthday"
    LUNAR = "lunar"  # Whether the birthday is by the lunar calendar.
    JOINED = "joined"
    EMAIL_CONSENT = "email_consent"
    SMS_CONSENT = "sms_consent"
    POINTS = "points"  # What the customer has at the moment.
    EXPIRES = "expires"  # The last day these can be used.
    TIER = "tier"
    TIER_THROUGH = "tier_through"


OF_LINES = {Field.TOTAL, Field.ARTICLE, Field.ITEM, Field.CATEGORY, Field.QUANTITY, Field.PRICE}
OF_CUSTOMERS = {
    *(Field.CUSTOMER, Field.PHONE, Field.NAME, Field.BRANCH, Field.EMAIL, Field.BIRTHDAY),
    *(Field.LUNAR, Field.JOINED, Field.EMAIL_CONSENT, Field.SMS_CONSENT, Field.POINTS),
    *(Field.EXPIRES, Field.TIER, Field.TIER_THROUGH),
}
OF_BOTH = {Field.CUSTOMER, Field.PHONE, Field.NAME, Field.BRANCH}
OF_SALES = set(Field) - OF_CUSTOMERS | OF_BOTH


class About(StrEnum):
    """What the rows of a file are."""

    SALES = "sales"
    CUSTOMERS = "customers"

    @property
    def fields(self) -> set[Field]:
        return OF_SALES if self is About.SALES else OF_CUSTOMERS


OPTIONS = {
    Field.REFERENCE: {"column", "returns_begin_with", "cancelled_begin_with"},
    Field.STATUS: {"column", "returned", "cancelled"},
    Field.EMAIL_CONSENT: {"column", "wording", "evidence"},
    Field.SMS_CONSENT: {"column", "wording", "evidence"},
    Field.JOINED: {"column", "format"},
    Field.EXPIRES: {"column", "format"},
    Field.TIER_THROUGH: {"column", "format"},
    Field.TIER: {"column", "through"},
    Field.POINTS: {"column", "thousands"},
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
    # Of a file of customers: how its days are written, through when a tier holds of which the file
    # does not say it, and by channel the text that was agreed to and where that can be seen.
    day_formats: Mapping[Field, str] = field(default_factory=dict)
    tier_through: date | None = None
    consents: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    may_lack: frozenset[Field] = field(default_factory=frozenset)  # Columns the file may not have.


class InvalidMap(DomainError):
    """The map cannot be used; the text names each line, key and what is allowed."""


# For a file whose header says it in our words.
USUAL = Layout(
    source="file",
    columns=MappingProxyType({kind: kind.value for kind in OF_SALES - OF_LINES}),
    keeps_anonymous=True,
    may_lack=frozenset(Field) - {Field.DATE, Field.AMOUNT},
)
USUAL_CUSTOMERS = Layout(
    source="file",
    columns=MappingProxyType(
        {kind: kind.value for kind in OF_CUSTOMERS - {Field.EMAIL_CONSENT, Field.SMS_CONSENT}}
    ),
    may_lack=frozenset(Field) - {Field.NAME},
)


def parse(text: str, about: About = About.SALES) -> Layout:
    """The map that a TOML document describes, of such a file. Raises InvalidMap with every mistake."""
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one; so is a number of thousands of digits.
        raise InvalidMap(_("Not valid TOML: %(error)s") % {"error": error}) from error
    reader = Reader(text)
    root = reader.table("", data, KEYS)
    columns = reader.table("columns", root.get("columns", {}), set(map(str, about.fields)))
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
        **_customer_options(reader, columns),
    )
    if about is About.SALES:
        _check_together(reader, layout)
    else:
        _check_customers(reader, layout)
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
        row = reader.table(place, tables[key], OPTIONS.get(key, {"column"}) | {"optional"})
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
    amount = amount or tables.get("points", {})
    receipt, status = (tables.get(key, {}) for key in ("reference", "status"))
    date_format = reader.text("columns.date", date, "format", default="")
    if set(re.findall(r"%(.)", date_format)) - DATE_LETTERS:
        reader.refuse("columns.date", "format", _("only %Y %y %m %d %H %M %S and marks"))
    elif date_format and not re.search(r"%[Yy]", date_format):
        reader.refuse("columns.date", "format", _("the year is missing"))
    return {
        "may_lack": frozenset(
            kind
            for kind in Field
            if reader.boolean(f"columns.{kind}", tables.get(kind, {}), "optional", default=False)
        ),
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


def _customer_options(reader: Reader, columns: dict[str, Any]) -> dict[str, Any]:
    tables = {key: row if isinstance(row, dict) else {} for key, row in columns.items()}
    formats = {
        kind: reader.text(f"columns.{kind}", tables[kind], "format", default="")
        for kind in (Field.JOINED, Field.EXPIRES, Field.TIER_THROUGH)
        if kind in tables
    }
    consents = {
        channel: (
            reader.text(f"columns.{kind}", tables[kind], "wording"),
            reader.text(f"columns.{kind}", tables[kind], "evidence"),
        )
        for channel, kind in (("email", Field.EMAIL_CONSENT), ("sms", Field.SMS_CONSENT))
        if kind in tables
    }
    return {
        "day_formats": formats,
        "consents": consents,
        "tier_through": reader.optional_day("columns.tier", tables.get("tier", {}), "through"),
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


def _check_customers(reader: Reader, layout: Layout) -> None:
    if not {Field.CUSTOMER, Field.PHONE, Field.EMAIL} & layout.columns.keys():
        reader.refuse("columns", "phone", _("a customer, phone or email column is needed"))
    if Field.TIER in layout.columns and not (
        layout.tier_through or Field.TIER_THROUGH in layout.columns
    ):
        reader.refuse("columns.tier", "through", _("say through when it holds: 2027-12-31"))


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
