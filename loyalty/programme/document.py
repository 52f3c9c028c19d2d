"""
The programme document: what the rules may say, and reading it from TOML.

Money is in the shop's minor unit, points are whole, and a multiplier such as 1.2 is read as
the exact decimal it is. An unknown key is refused with its line, so that a slip of the pen
never becomes a silent rule.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.programme import (
    basis,
    birthdays,
    bonuses,
    conditions,
    coupons,
    discount_rules,
    earn_rules,
    expiry,
    ladder,
    marks,
    pay_rules,
    pending,
    referral,
    refunds,
    stamps,
)
from loyalty.programme.basis import Basis
from loyalty.programme.birthdays import LeapDay
from loyalty.programme.bonuses import Bonuses
from loyalty.programme.conditions import Conditions, Known
from loyalty.programme.coupons import Coupon
from loyalty.programme.discount_rules import DiscountRule
from loyalty.programme.earn_rules import EarnRule
from loyalty.programme.expiry import Expiry, Never
from loyalty.programme.ladder import Tier, TierRules
from loyalty.programme.marks import Mark
from loyalty.programme.pay_rules import PayRules
from loyalty.programme.referral import Referral
from loyalty.programme.refunds import RefundPolicy
from loyalty.programme.spreading import half_up
from loyalty.programme.stamps import StampCard
from loyalty.toml import Reader

SECTIONS = {
    *("points", "basis", "earn", "rounding", "marks", "discounts", "pay"),
    *("tier_rules", "tiers", "referral", "birthdays", "refunds", "bonuses", "stamp_cards"),
    "coupons",
}
POINT_KEYS = {"name", "name_en", pending.KEY} | expiry.KEYS


class Rounding(StrEnum):
    FLOOR = "floor"
    ROUND = "round"  # Half up.
    CEIL = "ceil"

    def of(self, value: Fraction) -> int:
        """
        The whole number that the value becomes.

        >>> [way.of(Fraction(5, 2)) for way in Rounding]
        [2, 3, 3]
        """
        if self is Rounding.FLOOR:
            return value.numerator // value.denominator
        if self is Rounding.CEIL:
            return -(-value.numerator // value.denominator)
        return half_up(value)


class RoundingStage(StrEnum):
    STEP = "step"  # Whole steps of money first, then the multiplier, rounded again.
    END = "end"  # Once, after everything.


@dataclass(frozen=True)
class Programme:
    point_name: str
    point_name_en: str
    earn: tuple[EarnRule, ...]
    rounding: Rounding
    rounding_stage: RoundingStage
    expiry: Expiry
    tier_rules: TierRules
    tiers: tuple[Tier, ...]  # Lowest first; the first needs nothing.
    basis: Basis
    marks: tuple[Mark, ...]
    discounts: tuple[DiscountRule, ...]  # Those of tiers are with the tiers.
    pay: PayRules | None  # None: points buy rewards only.
    leap_day: LeapDay  # When those born on 29 February have their birthday in other years.
    refunds: RefundPolicy
    bonuses: Bonuses
    pending_days: int = 0  # How long the points of a purchase wait before they can be spent.
    referral: Referral | None = None  # None: nothing is paid for bringing a friend.
    stamp_cards: tuple[StampCard, ...] = ()
    coupons: tuple[Coupon, ...] = ()  # For the next purchase.

    def tier(self, key: str) -> Tier:
        """The tier of that key, or the lowest when a later version has dropped it."""
        return self.tiers[self.rank(key)]

    @property
    def conditions(self) -> Iterator[Conditions]:
        """What every rule asks for."""
        yield from (rule.conditions for rule in self.earn)
        yield from (mark.conditions for mark in self.marks)
        yield from (rule.conditions for rule in self.discounts)
        yield from (rule.conditions for tier in self.tiers for rule in tier.discounts)
        yield from (card.conditions for card in self.stamp_cards)
        yield from (coupon.conditions for coupon in self.coupons)

    def usable_from(self, bought_on: date) -> date | None:
        """The first day the points of a purchase can be spent; None: at once."""
        return bought_on + timedelta(days=self.pending_days) if self.pending_days else None

    def tier_for(self, counted: int, besides: int = 0) -> Tier:
        """
        The highest tier that this much spend, points or visits reaches; `besides` is so much of
        the second thing that counts, if there is one.
        """
        reached = self.tiers[0]
        for tier in self.tiers[1:]:
            if tier.reached_with(counted, besides):
                reached = tier
        return reached

    def rank(self, key: str) -> int:
        """How high the tier of that key stands; 0 is the lowest, also for one that is gone."""
        return self._ranks.get(key, 0)

    @cached_property  # A sale asks a dozen times.
    def _ranks(self) -> dict[str, int]:
        return {tier.key: rank for rank, tier in enumerate(self.tiers)}

    def tier_after(self, tier: Tier) -> Tier | None:
        """The next tier up, or None at the top."""
        higher = [other for other in self.tiers if other.entry > tier.entry]
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
    except ValueError as error:  # TOMLDecodeError is one; so is a number of thousands of digits.
        raise InvalidProgramme([_("Not valid TOML: %(error)s") % {"error": error}]) from error
    reader = Reader(text)
    programme = read(reader, data, branches=branches)
    if reader.errors:
        raise InvalidProgramme(reader.errors)
    return programme


def read(
    reader: Reader, data: dict[str, Any], *, branches: frozenset[str] | None = None
) -> Programme:
    """The programme in `data`; what is wrong with it is in the reader's errors afterwards."""
    root = reader.table("", data, SECTIONS)
    points = reader.table("points", root.get("points", {}), POINT_KEYS)
    rounding = reader.table("rounding", root.get("rounding", {}), {"mode", "stage"})
    tier_rules = ladder.read_rules(reader, root)
    leap_day = birthdays.read_leap_day(reader, root)
    programme = Programme(
        point_name=reader.text("points", points, "name", default="điểm"),
        point_name_en=reader.text("points", points, "name_en", default="points"),
        earn=tuple(
            earn_rules.read(reader, *row, index, leap_day)
            for index, row in enumerate(reader.tables("earn", root), 1)
        ),
        rounding=reader.choice("rounding", rounding, "mode", Rounding),
        rounding_stage=reader.choice("rounding", rounding, "stage", RoundingStage),
        expiry=expiry.read(reader, "points", points) or Never(),
        tier_rules=tier_rules,
        tiers=tuple(
            ladder.read_tier(reader, *row, tier_rules, leap_day)
            for row in reader.tables("tiers", root)
        ),
        referral=referral.read(reader, root),
        stamp_cards=stamps.read_all(reader, root, leap_day),
        coupons=coupons.read_all(reader, root, leap_day),
        leap_day=leap_day,
        bonuses=bonuses.read(reader, root, leap_day),
        refunds=refunds.read(reader, root),
        pending_days=pending.read(reader, points),
        basis=basis.read(reader, root),
        marks=tuple(
            marks.read(reader, *row, leap_day) for row in reader.some_tables("", root, "marks")
        ),
        discounts=discount_rules.read_all(reader, root, leap_day),
        pay=pay_rules.read(reader, root),
    )
    _check(reader, programme, branches)
    return programme


def _check(reader: Reader, programme: Programme, branches: frozenset[str] | None) -> None:
    """Refuse what no single section can know."""
    ends = [programme.expiry, *(tier.expiry for tier in programme.tiers)]
    pending.check(reader, programme.pending_days, ends)
    ladder.check(reader, programme.tiers, programme.tier_rules)
    known = Known(frozenset(tier.key for tier in programme.tiers), branches)
    earn_rules.check(reader, programme.earn, known)
    bonuses.check(reader, programme.bonuses, known.tiers)
    for index, mark in enumerate(programme.marks, 1):
        conditions.check(reader, f"marks[{index}]", mark.conditions, known)
    stamps.check(reader, programme.stamp_cards, known)
    coupons.check(reader, programme.coupons, known)
    discount_rules.check(reader, _placed_discounts(programme), known)


def _placed_discounts(programme: Programme) -> Iterator[tuple[str, DiscountRule]]:
    for index, rule in enumerate(programme.discounts, 1):
        yield f"discounts[{index}]", rule
    for number, tier in enumerate(programme.tiers, 1):
        for index, rule in enumerate(tier.discounts, 1):
            yield f"tiers[{number}].discounts[{index}]", rule
