"""What may stand under [[earn]]: how points come about, one rule a table. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme import caps, conditions, scope
from loyalty.programme.birthdays import LeapDay
from loyalty.programme.caps import Cap
from loyalty.programme.conditions import MAX_NUMBER, Conditions, Known
from loyalty.programme.scope import Scope
from loyalty.toml import Reader

_OWN_KEYS = {"key", "name", "name_en", "enabled", "points", "per_minor", "per", "multiplier"}
_ORDER_KEYS = {"priority", "stackable", "stop"}
MAX_PRIORITY = 1_000


class Kind(StrEnum):
    AMOUNT = "amount"  # `points` for every `per_minor` of the goods it is about.
    UNIT = "unit"  # `points` for every one of them.
    ORDER = "order"  # `points` for every bill with any of them.
    TIMES = "times"  # Their points, times `multiplier`.


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
    scope: Scope
    cap: Cap | None  # The most points the rule gives a customer.
    conditions: Conditions
    priority: int  # The higher is asked first; among equals the order of the document.
    stackable: (
        bool  # False: never together with another rule that gives points, or that multiplies.
    )
    stop: bool  # Once it holds, the rules after it are not asked.

    @property
    def multiplies(self) -> bool:
        return self.kind is Kind.TIMES

    @property
    def everyday(self) -> bool:
        """Whether it counts for every bill of its tiers, whatever is bought and however often."""
        return self.conditions.always and self.scope.everything and self.cap is None

    def label(self, language: str) -> str:
        """The rule's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name


def read(
    reader: Reader, place: str, row: dict[str, Any], index: int, leap_day: LeapDay
) -> EarnRule:
    """The rule in `row`, the `index`-th of the document."""
    reader.table(place, row, _OWN_KEYS | _ORDER_KEYS | scope.KEYS | caps.KEYS | conditions.KEYS)
    kind = _kind(reader, place, row)
    cap = caps.read(reader, place, row)
    if cap and cap.kept and "key" not in row:  # A number in the file may be another rule's next.
        reader.refuse(place, "key", _("needed where a cap lasts longer than a sale"))
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
        multiplier=_multiplier(reader, place, row),
        scope=scope.read(reader, place, row),
        cap=cap,
        conditions=conditions.read(reader, place, row, leap_day),
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
    if row["per"] not in (Kind.ORDER, Kind.UNIT):
        reader.refuse(place, "per", _('"order" or "unit"; for points by money use per_minor'))
    if "per_minor" in row:
        reader.refuse(place, "per_minor", _("not in a rule for the whole order or for units"))
    return Kind.UNIT if row["per"] == Kind.UNIT else Kind.ORDER


def _multiplier(reader: Reader, place: str, row: dict[str, Any]) -> Fraction:
    """A rule for some goods, or with a cap, adds to their points: it cannot take any away."""
    multiplier = reader.fraction(place, row, "multiplier")
    if multiplier < 1 and row.keys() & (scope.KEYS | caps.KEYS):
        reader.refuse(place, "multiplier", _("at least 1 in a rule for some goods or with a cap"))
    return multiplier


def check(reader: Reader, rules: tuple[EarnRule, ...], known: Known) -> None:
    """Refuse what no single rule can know: keys used twice, tiers and branches that do not exist."""
    keys = [rule.key for rule in rules]
    for index, rule in enumerate(rules, 1):
        place = f"earn[{index}]"
        if rule.key in keys[: index - 1]:
            reader.refuse(place, "key", _("another rule has this key"))
        conditions.check(reader, place, rule.conditions, known)
    if rules and all(rule.multiplies for rule in rules):
        reader.refuse("", "earn", _("at least one rule must give points, not only multiply"))
