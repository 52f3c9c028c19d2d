"""[[marks]]: goods that earn nothing, do not count for the tier, or are not paid with points. Pure."""

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme import conditions, scope
from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.birthdays import LeapDay
from loyalty.programme.conditions import Conditions
from loyalty.programme.scope import Scope
from loyalty.toml import Reader

_WITHDRAWN = ("earns", "counts_for_tier", "pay_with_points")
_KEYS = {"name", "name_en", "enabled", "discounted", *_WITHDRAWN}


@dataclass(frozen=True)
class Mark:
    """What is withdrawn from the lines it covers; it never gives back what the till withdrew."""

    name: str
    name_en: str
    enabled: bool
    scope: Scope
    discounted: bool  # Only lines whose price was reduced.
    conditions: Conditions
    earns: bool
    counts_for_tier: bool
    pay_with_points: bool

    def covers(self, line: Line) -> bool:
        return self.scope.covers(line) and not (self.discounted and not line.discount_minor)

    def label(self, language: str) -> str:
        """The mark's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name


def read(reader: Reader, place: str, row: dict[str, Any], leap_day: LeapDay) -> Mark:
    """The mark in `row`."""
    reader.table(place, row, _KEYS | scope.KEYS | conditions.KEYS)
    kept = {key: reader.boolean(place, row, key, default=True) for key in _WITHDRAWN}
    if all(kept.values()):
        why = _("one of these must be false: %(names)s") % {"names": ", ".join(_WITHDRAWN)}
        reader.refuse(place, "earns", why)
    return Mark(
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        enabled=reader.boolean(place, row, "enabled", default=True),
        scope=scope.read(reader, place, row),
        discounted=reader.boolean(place, row, "discounted", default=False),
        conditions=conditions.read(reader, place, row, leap_day),
        **kept,
    )


def marked(marks: tuple[Mark, ...], *, basket: Basket, buyer: Buyer) -> Basket:
    """The basket with the marks that hold in its lines. Marking it twice changes nothing."""
    holding = [mark for mark in marks if mark.enabled and mark.conditions.hold(basket, buyer)]
    if not holding:
        return basket
    return replace(basket, lines=tuple(_marked(line, holding) for line in basket.lines))


def _marked(line: Line, marks: list[Mark]) -> Line:
    covering = [mark for mark in marks if mark.covers(line)]
    return replace(
        line,
        earns=line.earns and all(mark.earns for mark in covering),
        counts_for_tier=line.counts_for_tier and all(mark.counts_for_tier for mark in covering),
        pay_with_points=line.pay_with_points and all(mark.pay_with_points for mark in covering),
    )
