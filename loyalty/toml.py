"""Reading what a person wrote in a TOML document: every mistake is collected, with its line."""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from operator import itemgetter
from typing import Any, TypeVar

from django.utils.translation import gettext as _

Choice = TypeVar("Choice", bound=StrEnum)
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HEADER = re.compile(r"""\s*\[(?P<many>\[)?\s*(?P<name>[\w\s."'-]+?)\s*\]""")
_PAIR = re.compile(r"""\s*(?P<name>[\w-]+|"[^"]*"|'[^']*')\s*[=.]""")


class Reader:
    """Reads values out of a parsed document and collects what is wrong with them, by line."""

    def __init__(self, text: str) -> None:
        self.lines = _lines_of_keys(text)
        self._found: list[tuple[int, str, str]] = []  # Line, key, what is wrong.

    @property
    def errors(self) -> list[str]:
        """What is wrong, from the top of the document to its end."""
        found = sorted(self._found, key=itemgetter(0))
        text = _("line %(line)d: %(key)s: %(why)s")
        return [text % {"line": line, "key": key, "why": why} for line, key, why in found]

    @property
    def mistakes(self) -> list[tuple[str, str]]:
        """The keys with what is wrong with each, for documents that nobody wrote as lines."""
        return [(key, why) for _line, key, why in self._found]

    def refuse(self, place: str, key: str, why: str) -> None:
        name = f"{place}.{key}" if place else key
        line = self.lines.get(name, self.lines.get(place, 1))
        self._found.append((line, name, why))

    def table(self, place: str, value: Any, allowed: set[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.refuse("", place, _("this must be a table"))
            return {}
        for key in value.keys() - allowed:
            names = ", ".join(sorted(allowed))
            self.refuse(place, key, _("unknown; allowed here: %(names)s") % {"names": names})
        return value

    def tables(self, key: str, root: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        rows = root.get(key, [])
        if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
            self.refuse("", key, _("at least one [[%(key)s]] is needed") % {"key": key})
            return []
        return [(f"{key}[{index}]", row) for index, row in enumerate(rows, 1)]

    def some_tables(
        self, place: str, row: dict[str, Any], key: str
    ) -> list[tuple[str, dict[str, Any]]]:
        """The [[key]] below `place`, each with its own place; none when the key is left out."""
        name = f"{place}.{key}" if place else key
        rows = row.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
            self.refuse(place, key, _("tables are needed: [[%(key)s]]") % {"key": key})
            return []
        return [(f"{name}[{index}]", one) for index, one in enumerate(rows, 1)]

    def text(self, place: str, row: dict[str, Any], key: str, default: str | None = None) -> str:
        value = row.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.refuse(place, key, _("a text in quotes is needed"))
            return ""
        if len(value) > 100 or "\x00" in value:
            self.refuse(place, key, _("at most 100 letters"))
        return value

    def key(self, place: str, row: dict[str, Any], key: str) -> str:
        value = self.text(place, row, key)
        if value and not KEY.fullmatch(value):
            self.refuse(place, key, _("small letters, digits, - and _ only, at most 40"))
        return value

    def whole(self, place: str, row: dict[str, Any], key: str, low: int, high: int) -> int:
        value = row.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            limits = {"low": low, "high": high}
            self.refuse(place, key, _("a whole number from %(low)d to %(high)d") % limits)
            return max(low, 1)
        return value

    def optional_whole(
        self, place: str, row: dict[str, Any], key: str, low: int, high: int
    ) -> int | None:
        return self.whole(place, row, key, low, high) if key in row else None

    def fraction(self, place: str, row: dict[str, Any], key: str) -> Fraction:
        value = row.get(key, 1)
        exact = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if not exact or not Decimal(value).is_finite() or not 0 < value <= 100:
            self.refuse(place, key, _("a number above 0, at most 100, such as 1.2"))
            return Fraction(1)
        return Fraction(value)

    def boolean(self, place: str, row: dict[str, Any], key: str, *, default: bool) -> bool:
        value = row.get(key, default)
        if not isinstance(value, bool):
            self.refuse(place, key, _("true or false"))
            return default
        return value

    def optional_day(self, place: str, row: dict[str, Any], key: str) -> date | None:
        value = row.get(key)
        if value is not None and (isinstance(value, datetime) or not isinstance(value, date)):
            self.refuse(place, key, _("a day without quotes, such as 2026-12-31"))
            return None
        return value

    def texts(self, place: str, row: dict[str, Any], key: str) -> list[str]:
        """A list of texts; empty when the key is left out."""
        values = row.get(key, [])
        fine = isinstance(values, list) and all(isinstance(value, str) for value in values)
        if not fine or (key in row and not values):
            self.refuse(place, key, _('a list of texts, such as ["a", "b"]'))
            return []
        return list(values)

    def choice(self, place: str, row: dict[str, Any], key: str, kind: type[Choice]) -> Choice:
        value = row.get(key, next(iter(kind)))
        if value not in list(kind):
            names = ", ".join(kind)
            self.refuse(place, key, _("one of: %(names)s") % {"names": names})
            return next(iter(kind))
        return kind(value)


def _lines_of_keys(text: str) -> dict[str, int]:
    """Where each key stands: `tiers[2].entry_minor` → its line, counted from 1."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    place = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            place = _place(header["name"], counts)
            lines.setdefault(place, number)
            if header["many"]:
                counts[place] = counts.get(place, 0) + 1
                place = f"{place}[{counts[place]}]"
                lines.setdefault(place, number)
        elif pair := _PAIR.match(line):
            key = _bare(pair["name"])
            lines.setdefault(f"{place}.{key}" if place else key, number)
    return lines


def _place(name: str, counts: dict[str, int]) -> str:
    """The place that a header names: `earn.bonus` below the second [[earn]] → `earn[2].bonus`."""
    *above, last = _bare(name).split(".")
    place = ""
    for part in above:
        place += part
        place += f"[{counts[place]}]." if place in counts else "."
    return place + last


def _bare(name: str) -> str:
    return re.sub(r"""[\s"']""", "", name)
