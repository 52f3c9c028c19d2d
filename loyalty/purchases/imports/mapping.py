"""Maps of columns that owners make on a page: written as the document a file of a map holds, kept by name."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.errors import InvalidInput
from loyalty.purchases.imports.layout import OF_LINES, About, Field
from loyalty.purchases.imports.maps import known_maps, ready
from loyalty.purchases.imports.parsing import parse
from loyalty.purchases.models import ColumnMap
from loyalty.shop.models import User
from loyalty.text import fold

LONGEST_KEY = 40


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What an owner says of a file."""

    columns: Mapping[Field, int | str]  # A number from 1, or a header.
    headed: bool = True
    separator: str = ""  # Empty: as the file shows it.
    date_format: str = ""
    decimal: str = "."
    thousands: str = ""
    earns: bool = True
    returned: Sequence[str] = field(default_factory=tuple)  # What the status of such sales says.
    cancelled: Sequence[str] = field(default_factory=tuple)
    tier_through: date | None = None


def document_of(source: str, about: About, answers: Answers) -> str:
    """The map as a TOML document."""
    root = [f"source = {_text(source)}", *_root(about, answers)]
    tables = [_table(kind, answers) for kind in Field if kind in answers.columns]
    return "\n".join([*root, *tables, ""])


def _root(about: About, answers: Answers) -> list[str]:
    said = []
    if answers.separator:
        said.append(f"separator = {_text(answers.separator)}")
    if not answers.headed:
        said.append("header = false")
    elif not any(isinstance(column, str) for column in answers.columns.values()):
        said.append("header = true")
    if about is About.SALES:
        said.append("anonymous = true")
        if OF_LINES & answers.columns.keys():
            said.append('group_by = "receipt"')
        if not answers.earns:
            said.append("earns = false")
    return said


def _table(kind: Field, answers: Answers) -> str:
    column = answers.columns[kind]
    said = [f"[columns.{kind}]", f"column = {column if isinstance(column, int) else _text(column)}"]
    if kind is Field.DATE and answers.date_format:
        said.append(f"format = {_text(answers.date_format)}")
    if kind is Field.AMOUNT:
        said.append(f"decimal = {_text(answers.decimal)}")
    if kind in (Field.AMOUNT, Field.POINTS) and answers.thousands:
        said.append(f"thousands = {_text(answers.thousands)}")
    if kind is Field.STATUS:
        words = {"returned": answers.returned, "cancelled": answers.cancelled}
        said += [
            f"{name} = [{', '.join(map(_text, some))}]" for name, some in words.items() if some
        ]
    if kind is Field.TIER and answers.tier_through:
        said.append(f"through = {answers.tier_through}")
    return "\n".join(said)


def _text(text: str) -> str:
    """A basic string of TOML, which is one of JSON but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key_of(name: str) -> str:
    """
    What a command calls the map, and where its sales come from.

    >>> key_of("Phần mềm cũ (Q.1)"), key_of("!")
    ('phan-mem-cu-q-1', '')
    """
    return re.sub(r"[^a-z0-9]+", "-", fold(name))[: LONGEST_KEY + 1].strip("-")[:LONGEST_KEY]


@transaction.atomic
def save_map(*, name: str, about: About, answers: Answers, at: datetime, by: User) -> ColumnMap:
    """
    Keep the map under its name; one of that name is replaced. Raises InvalidInput for a name that
    cannot be one or is a ready map's, InvalidMap where the answers make no map.
    """
    key = key_of(name)
    if not key:
        raise InvalidInput("name", _("Give it a name with letters or digits."))
    if key in ready(about):
        raise InvalidInput("name", _("One of our own maps has this name. Take another one."))
    text = document_of(key, about, answers)
    parse(text, about)
    told = {"name": name.strip()[:60], "text": text, "saved_at": at, "saved_by": by}
    saved, _is_new = ColumnMap.objects.update_or_create(about=about, key=key, defaults=told)
    return saved


def remove_map(*, map_id: int) -> None:
    """Forget a map; what came in by it stays. Safe to repeat."""
    ColumnMap.objects.filter(pk=map_id).delete()


def known_headers(about: About) -> dict[str, Field]:
    """The headers of all maps for such files, without marks, with what they were."""
    return {
        fold(column): kind
        for layout in known_maps(about)
        for kind, column in layout.columns.items()
        if isinstance(column, str)
    }
