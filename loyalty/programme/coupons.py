"""[[coupons]]: a purchase brings a voucher for the next one. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme import conditions, scope
from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.birthdays import LeapDay
from loyalty.programme.conditions import Conditions, Known
from loyalty.programme.scope import Scope
from loyalty.toml import Reader

_OWN = {"key", "name", "name_en", "enabled", "reward", "valid_days", "usable_after_days", "repeat"}
KEYS = _OWN | scope.KEYS | conditions.KEYS
_MOST_DAYS = 3_650


@dataclass(frozen=True)
class Coupon:
    key: str
    name: str
    name_en: str
    enabled: bool
    scope: Scope  # The goods that bring it.
    conditions: Conditions
    reward: str  # Key of the catalogue.
    valid_days: int | None  # After the day it is given; None: as the reward says.
    usable_after_days: int  # 0: at once, or as the reward says.
    repeat: bool  # Whenever it was used, the next one is given; False: one a customer.

    def label(self, language: str) -> str:
        """The coupon's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name

    def is_bought(self, units: Iterable[tuple[Line, Fraction]]) -> bool:
        """Whether so many units of each of these lines bring it; what is free does not."""
        return any(
            count > 0 and line.net_minor > 0 and self.scope.covers(line) for line, count in units
        )

    def usable_from(self, given_on: date) -> date | None:
        """The first day of one given that day; None: as the reward says."""
        days = self.usable_after_days
        return given_on + timedelta(days=days) if days else None

    def last_day(self, given_on: date) -> date | None:
        """The last day of one given that day; None: as the reward says."""
        return None if self.valid_days is None else given_on + timedelta(days=self.valid_days)


@dataclass(frozen=True)
class Brought:
    """A coupon whose conditions one bill meets."""

    coupon: Coupon
    bought: bool  # Goods that bring it are on the bill.


def coupons_of(coupons: Iterable[Coupon], *, basket: Basket, buyer: Buyer) -> tuple[Brought, ...]:
    """What `basket` may bring, as far as the rules know: the first of each, or the next."""
    holding = [one for one in coupons if one.enabled and one.conditions.hold(basket, buyer)]
    if not holding:  # As with most bills: no goods need be counted.
        return ()
    units = [(line, line.bought) for line in basket.lines]
    return tuple(Brought(coupon, coupon.is_bought(units)) for coupon in holding)


def read_all(reader: Reader, root: dict[str, Any], leap_day: LeapDay) -> tuple[Coupon, ...]:
    """Every coupon of the document, in its order."""
    return tuple(_read(reader, *row, leap_day) for row in reader.some_tables("", root, "coupons"))


def _read(reader: Reader, place: str, row: dict[str, Any], leap_day: LeapDay) -> Coupon:
    reader.table(place, row, KEYS)
    valid = reader.optional_whole(place, row, "valid_days", 1, _MOST_DAYS)
    after = reader.optional_whole(place, row, "usable_after_days", 0, _MOST_DAYS) or 0
    if after and (valid is None or after > valid):
        reader.refuse(
            place, "usable_after_days", _("only with valid_days, and not more than these")
        )
    return Coupon(
        key=reader.key(place, row, "key"),
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        enabled=reader.boolean(place, row, "enabled", default=True),
        scope=scope.read(reader, place, row),
        conditions=conditions.read(reader, place, row, leap_day),
        reward=reader.key(place, row, "reward"),
        valid_days=valid,
        usable_after_days=after,
        repeat=reader.boolean(place, row, "repeat", default=False),
    )


def check(reader: Reader, coupons: tuple[Coupon, ...], known: Known) -> None:
    """Refuse what no single one can know: keys used twice, tiers and branches that do not exist."""
    keys = [coupon.key for coupon in coupons]
    for index, coupon in enumerate(coupons, 1):
        place = f"coupons[{index}]"
        if coupon.key in keys[: index - 1]:
            reader.refuse(place, "key", _("another coupon has this key"))
        conditions.check(reader, place, coupon.conditions, known)
