"""
Reading a map: a small TOML document that says which column of a file is what.

An unknown key is refused with its line. docs/import.md explains every key with an example.
"""

import re
import tomllib
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.purchases.imports.encodings import ENCODINGS
from loyalty.purchases.imports.layout import OF_LINES, About, Field, Format, GroupBy, Layout
from loyalty.text import fold
from loyalty.toml import Reader

KEYS = {
    *("source", "format", "separator", "header", "encoding", "sheet", "group_by", "anonymous"),
    *("earns", "columns"),
}
DATE_LETTERS = set("YymdHMS%")
SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
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


class InvalidMap(DomainError):
    """The map cannot be used; the text names each line, key and what is allowed."""


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
        earns=reader.boolean("", root, "earns", default=True),
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
