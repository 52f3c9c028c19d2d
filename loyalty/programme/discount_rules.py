"""What may stand under [[discounts]] and [[tiers.discounts]]: money off, one rule a table. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme import conditions, scope
from loyalty.programme.birthdays import LeapDay
from loyalty.programme.conditions import MAX_NUMBER, Conditions, Known
from loyalty.programme.earn_rules import MAX_PRIORITY
from loyalty.programme.scope import Scope
from loyalty.programme.taking import ALL
from loyalty.toml import Reader

_KEYS = {"key", "name", "name_en", "enabled", "percent", "cap_minor", "buy", "get", "repeat"}
_ORDER_KEYS = {"priority", "stackable", "stop"}
_MOST_UNITS = 100
_ALL_KEYS = _KEYS | _ORDER_KEYS | scope.KEYS | conditions.KEYS


@dataclass(frozen=True)
class DiscountRule:
    key: str
    name: str
    name_en: str
    enabled: bool
    # Of what the lines it covers cost, or of their cheapest units; above 0, at most 100.
    percent: Fraction
    cap_minor: int  # The most money off a bill; 0: no limit.
    scope: Scope
    conditions: Conditions
    priority: int  # The higher is asked first; among equals the order of the document.
    stackable: bool  # False: of several such rules the one worth most counts alone.
    stop: bool  # Once it holds, the rules after it are not asked.
    buy: int = 0  # Of every `buy + get` whole units the `get` cheapest are reduced; 0: of all.
    get: int = 0
    repeat: bool = True  # False: for one such set a bill.

    @property
    def most_percent(self) -> Fraction:
        """The most of a bill that it takes, limits apart."""
        return self.percent * self.get / (self.buy + self.get) if self.buy else self.percent

    def label(self, language: str) -> str:
        """The rule's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name


def read(reader: Reader, place: str, row: dict[str, Any], leap_day: LeapDay) -> DiscountRule:
    """The rule in `row`."""
    by_units = bool(row.keys() & {"buy", "get"})
    if "percent" not in row and not by_units:
        reader.refuse(place, "percent", _("a number above 0, at most 100, such as 1.2"))
    if "repeat" in row and not by_units:
        reader.refuse(place, "repeat", _("only with buy and get"))
    return DiscountRule(
        key=reader.key(place, row, "key"),
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        enabled=reader.boolean(place, row, "enabled", default=True),
        percent=reader.fraction(place, row, "percent") if "percent" in row else ALL,
        cap_minor=reader.optional_whole(place, row, "cap_minor", 1, MAX_NUMBER) or 0,
        scope=scope.read(reader, place, row),
        conditions=conditions.read(reader, place, row, leap_day),
        priority=reader.optional_whole(place, row, "priority", 0, MAX_PRIORITY) or 0,
        stackable=reader.boolean(place, row, "stackable", default=False),
        stop=reader.boolean(place, row, "stop", default=False),
        buy=reader.whole(place, row, "buy", 1, _MOST_UNITS) if by_units else 0,
        get=reader.whole(place, row, "get", 1, _MOST_UNITS) if by_units else 0,
        repeat=reader.boolean(place, row, "repeat", default=True),
    )


def read_all(reader: Reader, root: dict[str, Any], leap_day: LeapDay) -> tuple[DiscountRule, ...]:
    """Every [[discounts]], in the document's order."""
    return tuple(
        read(reader, place, reader.table(place, row, _ALL_KEYS), leap_day)
        for place, row in reader.some_tables("", root, "discounts")
    )


def read_of_tier(
    reader: Reader, place: str, row: dict[str, Any], tier_key: str, leap_day: LeapDay
) -> tuple[DiscountRule, ...]:
    """Every [[tiers.discounts]] of the tier in `row`; they hold for that tier alone."""
    rules = [
        read(reader, below, reader.table(below, found, _ALL_KEYS - {"tiers"}), leap_day)
        for below, found in reader.some_tables(place, row, "discounts")
    ]
    return tuple(
        replace(rule, conditions=replace(rule.conditions, tiers=(tier_key,))) for rule in rules
    )


def check(reader: Reader, placed: Iterable[tuple[str, DiscountRule]], known: Known) -> None:
    """
    Refuse what no single rule can know: tiers and branches that do not exist, and a key used
    twice, except in different tiers: what a customer used up in one is used up in the next.
    """
    seen: dict[str, frozenset[str]] = {}
    for place, rule in placed:
        conditions.check(reader, place, rule.conditions, known)
        of_a_tier = place.startswith("tiers")
        holders = frozenset(rule.conditions.tiers) if of_a_tier else known.tiers | {""}
        if seen.get(rule.key, frozenset()) & holders:
            reader.refuse(place, "key", _("another discount has this key"))
        seen[rule.key] = seen.get(rule.key, frozenset()) | holders
