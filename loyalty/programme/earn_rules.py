"""What may stand under [[earn]]: how points come about, one rule a table. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme import conditions
from loyalty.programme.conditions import MAX_NUMBER, Conditions
from loyalty.toml import Reader

_OWN_KEYS = {"key", "name", "name_en", "enabled", "points", "per_minor", "per", "multiplier"}
_ORDER_KEYS = {"priority", "stackable", "stop"}
MAX_PRIORITY = 1_000


class Kind(StrEnum):
    AMOUNT = "amount"  # `points` for every `per_minor` of the bill.
    ORDER = "order"  # `points` for every bill.
    TIMES = "times"  # All points of the bill, times `multiplier`.


@dataclass(frozen=True)
class EarnRule:
    key: str
    name: str
    name_en: str
    enabled: bool
    kind: Kind
    points: int  # 0 for a multiplier.
    per_minor: int  # 0 unless the points are for money.
    multiplier: Fraction  # 1 unless the rule is a multiplier.
    conditions: Conditions
    priority: int  # The higher is asked first; among equals the order of the document.
    stackable: (
        bool  # False: never together with another rule that gives points, or that multiplies.
    )
    stop: bool  # Once it holds, the rules after it are not asked.

    @property
    def multiplies(self) -> bool:
        return self.kind is Kind.TIMES

    def label(self, language: str) -> str:
        """The rule's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name


def read(reader: Reader, place: str, row: dict[str, Any], index: int) -> EarnRule:
    """The rule in `row`, the `index`-th of the document."""
    reader.table(place, row, _OWN_KEYS | _ORDER_KEYS | conditions.KEYS)
    kind = _kind(reader, place, row)
    return EarnRule(
        key=reader.key(place, row, "key") if "key" in row else f"earn-{index}",
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        enabled=reader.boolean(place, row, "enabled", default=True),
        kind=kind,
        points=0 if kind is Kind.TIMES else reader.whole(place, row, "points", 1, MAX_NUMBER),
        per_minor=reader.whole(place, row, "per_minor", 1, MAX_NUMBER)
        if kind is Kind.AMOUNT
        else 0,
        multiplier=reader.fraction(place, row, "multiplier"),
        conditions=conditions.read(reader, place, row),
        priority=reader.whole(place, row, "priority", 0, MAX_PRIORITY) if "priority" in row else 0,
        stackable=reader.boolean(place, row, "stackable", default=True),
        stop=reader.boolean(place, row, "stop", default=False),
    )


def _kind(reader: Reader, place: str, row: dict[str, Any]) -> Kind:
    if "multiplier" in row:
        for key in ("points", "per_minor", "per"):
            if key in row:
                reader.refuse(place, key, _("not in a rule that multiplies"))
        return Kind.TIMES
    if "per" not in row:
        return Kind.AMOUNT
    if row["per"] != "order":
        reader.refuse(place, "per", _('only "order"; for points by money use per_minor'))
    if "per_minor" in row:
        reader.refuse(place, "per_minor", _("not in a rule for the whole order"))
    return Kind.ORDER


def check(
    reader: Reader,
    rules: tuple[EarnRule, ...],
    *,
    tier_keys: frozenset[str],
    branches: frozenset[str] | None,
) -> None:
    """
    Refuse what no single rule can know: keys used twice, tiers and branches that do not exist
    (None: the branches are not known here).
    """
    keys = [rule.key for rule in rules]
    for index, rule in enumerate(rules, 1):
        place = f"earn[{index}]"
        if rule.key in keys[: index - 1]:
            reader.refuse(place, "key", _("another rule has this key"))
        for unknown in sorted(set(rule.conditions.tiers) - tier_keys):
            reader.refuse(place, "tiers", _("no tier has the key %(key)s") % {"key": unknown})
        for unknown in sorted(set(rule.conditions.branches) - (branches or frozenset())):
            if branches is not None:
                reader.refuse(
                    place, "branches", _("no branch has the key %(key)s") % {"key": unknown}
                )
    if rules and all(rule.multiplies for rule in rules):
        reader.refuse("", "earn", _("at least one rule must give points, not only multiply"))
