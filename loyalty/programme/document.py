"""
The programme document: what the rules may say, and reading it from TOML.

Money is in the shop's minor unit, points are whole, and a multiplier such as 1.2 is read as
the exact decimal it is. An unknown key is refused with its line, so that a slip of the pen
never becomes a silent rule.
"""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.programme import earn_rules, expiry
from loyalty.programme.conditions import MAX_NUMBER
from loyalty.programme.earn_rules import EarnRule
from loyalty.programme.expiry import Expiry, Never
from loyalty.toml import Reader


class Rounding(StrEnum):
    FLOOR = "floor"
    ROUND = "round"  # Half up.
    CEIL = "ceil"


class RoundingStage(StrEnum):
    STEP = "step"  # Whole steps of money first, then the multiplier, rounded again.
    END = "end"  # Once, after everything.


@dataclass(frozen=True)
class Tier:
    key: str
    name: str
    name_en: str
    entry_minor: int  # Lifetime spend that reaches it.
    multiplier: Fraction
    expiry: Expiry | None  # Of points earned in this tier; None: as for everybody.

    def label(self, language: str) -> str:
        """The tier's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name


@dataclass(frozen=True)
class Programme:
    point_name: str
    point_name_en: str
    earn: tuple[EarnRule, ...]
    rounding: Rounding
    rounding_stage: RoundingStage
    expiry: Expiry
    tiers: tuple[Tier, ...]  # Lowest first; the first needs no spend.

    def tier(self, key: str) -> Tier:
        """The tier of that key, or the lowest when a later version has dropped it."""
        return next((tier for tier in self.tiers if tier.key == key), self.tiers[0])

    def tier_for_spend(self, spend_minor: int) -> Tier:
        """The highest tier that this lifetime spend reaches."""
        return [tier for tier in self.tiers if tier.entry_minor <= spend_minor][-1]

    def tier_after(self, tier: Tier) -> Tier | None:
        """The next tier up, or None at the top."""
        higher = [other for other in self.tiers if other.entry_minor > tier.entry_minor]
        return higher[0] if higher else None


class InvalidProgramme(DomainError):
    """The document cannot be used; each of `errors` names a line, a key and what is allowed."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


def parse(text: str, *, branches: frozenset[str] | None = None) -> Programme:
    """
    The programme that a TOML document describes. Raises InvalidProgramme with every error
    found, each naming its line; a branch that is not among `branches` (when given) is one.
    """
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise InvalidProgramme([_("Not valid TOML: %(error)s") % {"error": error}]) from error
    reader = Reader(text)
    root = reader.table("", data, {"points", "earn", "rounding", "tiers"})
    points = reader.table("points", root.get("points", {}), {"name", "name_en"} | expiry.KEYS)
    rounding = reader.table("rounding", root.get("rounding", {}), {"mode", "stage"})
    programme = Programme(
        point_name=reader.text("points", points, "name", default="điểm"),
        point_name_en=reader.text("points", points, "name_en", default="points"),
        earn=tuple(
            earn_rules.read(reader, *row, index)
            for index, row in enumerate(reader.tables("earn", root), 1)
        ),
        rounding=reader.choice("rounding", rounding, "mode", Rounding),
        rounding_stage=reader.choice("rounding", rounding, "stage", RoundingStage),
        expiry=expiry.read(reader, "points", points) or Never(),
        tiers=tuple(_tier(reader, *row) for row in reader.tables("tiers", root)),
    )
    _check_tiers(reader, programme.tiers)
    tier_keys = frozenset(tier.key for tier in programme.tiers)
    earn_rules.check(reader, programme.earn, tier_keys=tier_keys, branches=branches)
    if reader.errors:
        raise InvalidProgramme(reader.errors)
    return programme


def _tier(reader: Reader, place: str, row: dict[str, Any]) -> Tier:
    allowed = {"key", "name", "name_en", "entry_minor", "multiplier"} | expiry.KEYS
    reader.table(place, row, allowed)
    return Tier(
        key=reader.key(place, row, "key"),
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        entry_minor=reader.whole(place, row, "entry_minor", 0, MAX_NUMBER),
        multiplier=reader.fraction(place, row, "multiplier"),
        expiry=expiry.read(reader, place, row),
    )


def _check_tiers(reader: Reader, tiers: tuple[Tier, ...]) -> None:
    thresholds = [tier.entry_minor for tier in tiers]
    if thresholds and thresholds[0] != 0:
        reader.refuse("tiers[1]", "entry_minor", _("the first tier starts at 0"))
    for index, (lower, upper) in enumerate(pairwise(thresholds), 2):
        if upper <= lower:
            reader.refuse(f"tiers[{index}]", "entry_minor", _("each tier needs more than the last"))
    keys = [tier.key for tier in tiers]
    for index, key in enumerate(keys, 1):
        if key in keys[: index - 1]:
            reader.refuse(f"tiers[{index}]", "key", _("another tier has this key"))
