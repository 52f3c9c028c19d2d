"""The tiers: what each asks for and gives, how that is counted, and when a tier is lost. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme import discount_rules, expiry
from loyalty.programme.birthdays import LeapDay
from loyalty.programme.conditions import MAX_NUMBER
from loyalty.programme.discount_rules import DiscountRule
from loyalty.programme.expiry import Expiry
from loyalty.toml import Reader

RULE_KEYS = {"by", "and_by", "window", "months", "carry_over", "downgrade", "steps", "grace_days"}
LONGEST_MONTHS = 60
LONGEST_GRACE = 366


class By(StrEnum):
    """What counts towards a tier."""

    SPEND = "spend"
    POINTS = "points"
    VISITS = "visits"  # Days with at least one sale.

    @property
    def ending(self) -> str:
        """How the keys of thresholds end."""
        return "minor" if self is By.SPEND else self.value


class Window(StrEnum):
    LIFETIME = "lifetime"
    ROLLING = "rolling"  # The last `months`.
    CALENDAR_YEAR = "calendar_year"


class Downgrade(StrEnum):
    NEVER = "never"
    AT_ONCE = "at_once"  # On the day too little counts.
    REVIEW = "review"  # When the time the tier is held for is over.


class Steps(StrEnum):
    STRAIGHT = "straight"  # To the tier that what counts suffices for.
    ONE = "one"


@dataclass(frozen=True)
class Tier:
    key: str
    name: str
    name_en: str
    entry: int  # What reaches it: minor units, points or visits, as the rules say.
    renewal: int  # What keeps it.
    and_entry: int  # What is needed besides, where the rules count two things; 0 otherwise.
    and_renewal: int
    multiplier: Fraction
    expiry: Expiry | None  # Of points earned in this tier; None: as for everybody.
    discounts: tuple[DiscountRule, ...]
    free_shipping: bool
    perks: tuple[str, ...]  # What else it gives, in words.
    perks_en: tuple[str, ...]  # As many, or none.

    def reached_with(self, counted: int, besides: int) -> bool:
        """Whether that much, and that much of the second thing that counts, reaches it."""
        return self.entry <= max(counted, 0) and self.and_entry <= max(besides, 0)

    def kept_with(self, counted: int, besides: int) -> bool:
        """Whether that much, and that much of the second thing that counts, keeps it."""
        return self.renewal <= max(counted, 0) and self.and_renewal <= max(besides, 0)

    def label(self, language: str) -> str:
        """The tier's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name

    def perks_for(self, language: str) -> tuple[str, ...]:
        """The perks for a reader of that language."""
        return self.perks_en if language == "en" and self.perks_en else self.perks


@dataclass(frozen=True)
class TierRules:
    by: By
    and_by: By | None  # A second thing that has to suffice as well.
    window: Window
    months: int  # Of a rolling window; 0 otherwise.
    carry_over: bool  # A tier of a calendar year is held through the whole next year.
    downgrade: Downgrade
    steps: Steps
    grace_days: int  # More days in which sales still count, before a tier is lost.


def read_rules(reader: Reader, root: dict[str, Any]) -> TierRules:
    """What [tier_rules] says; without it, tiers by lifetime spend that are never lost."""
    place = "tier_rules"
    row = reader.table(place, root.get(place, {}), RULE_KEYS)
    window = reader.choice(place, row, "window", Window)
    downgrade = reader.choice(place, row, "downgrade", Downgrade)
    rolling, yearly = window is Window.ROLLING, window is Window.CALENDAR_YEAR
    _only(reader, row, "months", rolling, _('only with window = "rolling"'))
    _only(reader, row, "carry_over", yearly, _('only with window = "calendar_year"'))
    reviewed = downgrade is Downgrade.REVIEW
    _only(reader, row, "steps", reviewed, _('only with downgrade = "review"'))
    loses = downgrade is not Downgrade.NEVER
    _only(reader, row, "grace_days", loses, _("only where a tier can be lost"))
    if reviewed and window is Window.LIFETIME:
        reader.refuse(place, "downgrade", _("a review needs a window that ends"))
    if yearly and downgrade is Downgrade.AT_ONCE:
        why = _('a calendar year is lost at its review: downgrade = "review"')
        reader.refuse(place, "downgrade", why)
    by = reader.choice(place, row, "by", By)
    and_by = reader.choice(place, row, "and_by", By) if "and_by" in row else None
    if and_by is by:
        reader.refuse(place, "and_by", _("something else than by"))
    return TierRules(
        by=by,
        and_by=and_by,
        window=window,
        months=reader.whole(place, row, "months", 1, LONGEST_MONTHS) if rolling else 0,
        carry_over=reader.boolean(place, row, "carry_over", default=yearly),
        downgrade=downgrade,
        steps=reader.choice(place, row, "steps", Steps),
        grace_days=reader.whole(place, row, "grace_days", 1, LONGEST_GRACE)
        if "grace_days" in row
        else 0,
    )


def _only(reader: Reader, row: dict[str, Any], key: str, fits: bool, why: str) -> None:
    if key in row and not fits:
        reader.refuse("tier_rules", key, why)


def read_tier(
    reader: Reader, place: str, row: dict[str, Any], rules: TierRules, leap_day: LeapDay
) -> Tier:
    """The tier in `row`; its thresholds are in what the rules count."""
    thresholds = [by for by in (rules.by, rules.and_by) if by is not None]
    allowed = {"key", "name", "name_en", "multiplier"} | expiry.KEYS
    allowed |= {"discounts", "free_shipping", "perks", "perks_en"}
    allowed |= {f"{kind}_{by.ending}" for kind in ("entry", "renewal") for by in thresholds}
    reader.table(place, row, allowed)
    needed = [_thresholds(reader, place, row, by, rules) for by in thresholds]
    (entry, renewal), (and_entry, and_renewal) = [*needed, (0, 0)][:2]
    key = reader.key(place, row, "key")
    perks, perks_en = (reader.texts(place, row, name) for name in ("perks", "perks_en"))
    if perks_en and len(perks_en) != len(perks):
        reader.refuse(place, "perks_en", _("as many as perks"))
    return Tier(
        key=key,
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        entry=entry,
        renewal=renewal,
        and_entry=and_entry,
        and_renewal=and_renewal,
        multiplier=reader.fraction(place, row, "multiplier"),
        expiry=expiry.read(reader, place, row),
        discounts=discount_rules.read_of_tier(reader, place, row, key, leap_day),
        free_shipping=reader.boolean(place, row, "free_shipping", default=False),
        perks=tuple(perks),
        perks_en=tuple(perks_en),
    )


def _thresholds(
    reader: Reader, place: str, row: dict[str, Any], by: By, rules: TierRules
) -> tuple[int, int]:
    """What of that reaches the tier, and what keeps it."""
    entry = reader.whole(place, row, f"entry_{by.ending}", 0, MAX_NUMBER)
    renewal_key = f"renewal_{by.ending}"
    if renewal_key not in row:
        return entry, entry
    renewal = reader.whole(place, row, renewal_key, 0, MAX_NUMBER)
    if rules.downgrade is Downgrade.NEVER:
        reader.refuse(place, renewal_key, _("only where a tier can be lost"))
    elif renewal > entry:
        reader.refuse(place, renewal_key, _("not more than what reaches the tier"))
    return entry, renewal


def check(reader: Reader, tiers: tuple[Tier, ...], rules: TierRules) -> None:
    """Refuse what no single tier can know: their order, and keys used twice."""
    ending = rules.by.ending
    key = f"entry_{ending}"
    if tiers and tiers[0].entry != 0:
        reader.refuse("tiers[1]", key, _("the first tier starts at 0"))
    if tiers and rules.and_by and tiers[0].and_entry != 0:
        reader.refuse("tiers[1]", f"entry_{rules.and_by.ending}", _("the first tier starts at 0"))
    for index, (lower, upper) in enumerate(pairwise(tiers), 2):
        place, less = f"tiers[{index}]", _("a tier cannot be kept with less than the last")
        if upper.entry <= lower.entry:
            reader.refuse(place, key, _("each tier needs more than the last"))
        if upper.renewal < lower.renewal:
            reader.refuse(place, f"renewal_{ending}", less)
        if rules.and_by and upper.and_entry < lower.and_entry:
            why = _("a tier cannot need less than the last")
            reader.refuse(place, f"entry_{rules.and_by.ending}", why)
        elif rules.and_by and upper.and_renewal < lower.and_renewal:
            reader.refuse(place, f"renewal_{rules.and_by.ending}", less)
    keys = [tier.key for tier in tiers]
    for index, name in enumerate(keys, 1):
        if name in keys[: index - 1]:
            reader.refuse(f"tiers[{index}]", "key", _("another tier has this key"))
