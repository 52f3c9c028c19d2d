"""
The JSON Schema of the programme document, for editors that help with TOML files. It is not written
by hand: the product's own readers read the samples below, and what they ask for is noted down.

  write   write docs/programme.schema.json anew
  check   exit 1 when it is not what the readers ask for
"""

import sys
from importlib.util import find_spec
from pathlib import Path

# Before the imports, at which another Python would fail with other words.
if find_spec("django") is None:
    sys.exit("This Python has no Django. Run: .venv/bin/python scripts/programme_schema.py …")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # The product itself.

import argparse
import json
import re
import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

import django.conf
from programme_samples import SAMPLES

from loyalty.programme.conditions import Weekday
from loyalty.programme.document import read
from loyalty.toml import KEY, Reader

Choice = TypeVar("Choice", bound=StrEnum)
Schema = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "programme.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DAY_AND_MONTH = {"type": "string", "pattern": r"^\d{1,2}/\d{1,2}$"}
DAYS = {"type": "integer", "minimum": 0, "maximum": 60}
WINDOW: Schema = {
    "oneOf": [
        {"enum": ["day", "week", "month"]},
        {
            "type": "object",
            "properties": {"before": DAYS, "after": DAYS},
            "minProperties": 1,
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"days": DAYS | {"minimum": 1}},
            "required": ["days"],
            "additionalProperties": False,
        },
    ]
}
TIMES = {
    "type": "array",
    "items": {"type": "string", "pattern": r"^\d{2}:\d{2}-\d{2}:\d{2}$"},
    "minItems": 1,
}
WEEKDAYS = {"type": "array", "items": {"enum": [str(day) for day in Weekday]}, "minItems": 1}
# What readers look at without asking for it by its kind, by the whole place.
BY_HAND: dict[str, Schema] = {
    r"(.*\.)?never_expire": {"const": True},
    r"(.*\.)?expire_each_year_on": DAY_AND_MONTH,
    r"earn\[\]\.per": {"enum": ["order", "unit"]},
    r".*\[\]\.birthday|bonuses\.birthday\.window": WINDOW,
    r".*\.hours": TIMES,
    r".*\.weekdays": WEEKDAYS,
}
OF_TIERS = re.compile(r"bonuses\.\w+\.tiers")  # Tables whose keys are those of tiers.


class Notes(Reader):
    """Reads as the product does, and notes what was asked for in each table."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.allowed: dict[str, set[str]] = {}
        self.kinds: dict[str, Schema] = {}
        self.defaults: dict[str, set[Any]] = {}  # What a key means that is left out.
        # Of each table that was read, the keys that had to be there.
        self.needed: dict[str, list[set[str]]] = {}

    def _note(self, place: str, key: str, schema: Schema, *, needed: bool = False) -> None:
        pattern = pattern_of(place)
        name = f"{pattern}.{key}" if pattern else key
        if "minimum" in schema:  # Of one that depends on other keys, the widest.
            schema["minimum"] = min(schema["minimum"], self.kinds.get(name, schema)["minimum"])
        self.kinds[name] = schema
        if needed:
            self.needed.setdefault(pattern, [set()])[-1].add(key)

    def _note_default(self, place: str, row: dict[str, Any], key: str, default: Any) -> None:
        if key not in row:
            self.defaults.setdefault(f"{pattern_of(place)}.{key}", set()).add(default)

    def table(self, place: str, value: Any, allowed: set[str]) -> dict[str, Any]:
        pattern = pattern_of(place)
        self.allowed.setdefault(pattern, set()).update(allowed)
        self.needed.setdefault(pattern, []).append(set())
        return super().table(place, value, allowed)

    def tables(self, key: str, root: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        self._note("", key, {"minItems": 1}, needed=True)
        return super().tables(key, root)

    def some_tables(
        self, place: str, row: dict[str, Any], key: str
    ) -> list[tuple[str, dict[str, Any]]]:
        self._note(place, key, {})
        return super().some_tables(place, row, key)

    def text(self, place: str, row: dict[str, Any], key: str, default: str | None = None) -> str:
        schema: Schema = {"type": "string", "maxLength": 100}
        required = default is None
        self._note(place, key, schema | ({"minLength": 1} if required else {}), needed=required)
        return super().text(place, row, key, default)

    def key(self, place: str, row: dict[str, Any], key: str) -> str:
        value = super().key(place, row, key)
        self._note(place, key, {"type": "string", "pattern": f"^{KEY.pattern}$"}, needed=True)
        return value

    def whole(self, place: str, row: dict[str, Any], key: str, low: int, high: int) -> int:
        schema = {"type": "integer", "minimum": low, "maximum": high}
        self._note(place, key, schema, needed=True)
        return super().whole(place, row, key, low, high)

    def optional_whole(
        self, place: str, row: dict[str, Any], key: str, low: int, high: int
    ) -> int | None:
        self._note(place, key, {"type": "integer", "minimum": low, "maximum": high})
        return Reader.whole(self, place, row, key, low, high) if key in row else None

    def fraction(self, place: str, row: dict[str, Any], key: str) -> Fraction:
        self._note(place, key, {"type": "number", "exclusiveMinimum": 0, "maximum": 100})
        return super().fraction(place, row, key)

    def boolean(self, place: str, row: dict[str, Any], key: str, *, default: bool) -> bool:
        self._note(place, key, {"type": "boolean"})
        self._note_default(place, row, key, default)
        return super().boolean(place, row, key, default=default)

    def optional_day(self, place: str, row: dict[str, Any], key: str) -> date | None:
        self._note(place, key, {"type": "string", "format": "date"})  # TOML's own, no quotes.
        return super().optional_day(place, row, key)

    def texts(self, place: str, row: dict[str, Any], key: str) -> list[str]:
        self._note(place, key, {"type": "array", "items": {"type": "string"}, "minItems": 1})
        return super().texts(place, row, key)

    def choice(self, place: str, row: dict[str, Any], key: str, kind: type[Choice]) -> Choice:
        values = [str(one) for one in kind]
        self._note(place, key, {"enum": values})
        self._note_default(place, row, key, values[0])
        return super().choice(place, row, key, kind)


def pattern_of(place: str) -> str:
    """`tiers[2].discounts[1]` → `tiers[].discounts[]`."""
    return re.sub(r"\[\d+\]", "[]", place)


def notes_of(documents: Iterable[str]) -> Notes:
    """All that reading these documents asks for. Raises ValueError for one that is refused."""
    notes = Notes()
    for document in documents:
        reader = Notes(document)
        read(reader, tomllib.loads(document, parse_float=Decimal))
        if reader.errors:
            raise ValueError("\n".join(reader.errors))
        for place, allowed in reader.allowed.items():
            notes.allowed.setdefault(place, set()).update(allowed)
        for place, needed in reader.needed.items():
            notes.needed.setdefault(place, []).extend(needed)
        for name, defaults in reader.defaults.items():
            notes.defaults.setdefault(name, set()).update(defaults)
        notes.kinds |= reader.kinds
    return notes


def schema() -> Schema:
    """The whole schema. Raises LookupError for a key that no sample uses."""
    return {
        "$schema": DIALECT,
        "title": "The programme document",
        "description": "The rules of a loyalty programme; docs/programme.md explains every key."
        " Editors check a file by this; what keys ask of each other only load_programme knows.",
        **_table(notes_of(SAMPLES), ""),
    }


def _table(notes: Notes, place: str) -> Schema:
    below = f"{place}." if place else ""
    if OF_TIERS.fullmatch(place):
        values = [kind for key, kind in notes.kinds.items() if key.startswith(below)]
        return {"type": "object", "additionalProperties": values[0]}
    keys = {key: _value(notes, f"{below}{key}") for key in sorted(notes.allowed[place])}
    needed = sorted(set.intersection(*notes.needed[place]))
    found: Schema = {"type": "object", "properties": keys, "additionalProperties": False}
    return found | ({"required": needed} if needed else {})


def _value(notes: Notes, name: str) -> Schema:
    by_hand = [said for place, said in BY_HAND.items() if re.fullmatch(place, name)]
    if by_hand:
        return by_hand[0]
    if f"{name}[]" in notes.allowed:
        rows = {"type": "array", "items": _table(notes, f"{name}[]")}
        return rows | notes.kinds.get(name, {})
    if name in notes.allowed:
        return _table(notes, name)
    if name not in notes.kinds:
        raise LookupError(f"{name}: use it in programme_samples.py, or say it in BY_HAND")
    defaults = notes.defaults.get(name, set())
    # One that depends on other keys is none that an editor could show.
    return notes.kinds[name] | ({"default": defaults.pop()} if len(defaults) == 1 else {})


def text() -> str:
    """The schema as it lies in docs."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("act", choices=["write", "check"])
    act = parser.parse_args().act
    if not django.conf.settings.configured:
        django.conf.settings.configure(USE_I18N=False)
    if act == "write":
        SCHEMA.write_text(text(), encoding="utf-8")
        return 0
    if SCHEMA.read_text(encoding="utf-8") == text():
        return 0
    print(f"{SCHEMA.relative_to(ROOT)} is old: run scripts/programme_schema.py write")
    return 1


if __name__ == "__main__":
    sys.exit(main())
