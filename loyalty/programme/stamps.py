"""[[stamp_cards]]: a stamp for every article or bill, and a reward when the card is full. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from loyalty.programme import conditions, scope
from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.birthdays import LeapDay
from loyalty.programme.conditions import Conditions, Known
from loyalty.programme.scope import Scope
from loyalty.toml import Reader

KEYS = {
    *("key", "name", "name_en", "enabled", "per", "needed", "reward", "valid_days"),
    "most_per_sale",
}
MOST_NEEDED = 100
USUAL_A_SALE = 100  # More stamps for one bill are a slip of the finger, or somebody's trick.


class Per(StrEnum):
    UNIT = "unit"  # Every whole unit in scope that is paid for.
    SALE = "sale"  # Every bill with something in scope that is paid for.


@dataclass(frozen=True)
class StampCard:
    key: str
    name: str
    name_en: str
    enabled: bool
    per: Per
    scope: Scope
    conditions: Conditions
    needed: int  # Stamps that fill a card.
    reward: str  # Key of the catalogue.
    valid_days: int | None  # From the day of a card's first stamp; None: for ever.
    most_per_sale: int

    def label(self, language: str) -> str:
        """The card's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name

    def last_day(self, began_on: date) -> date | None:
        """Through when a card counts whose first stamp is of that day; None: for ever."""
        return None if self.valid_days is None else began_on + timedelta(days=self.valid_days)

    def stamps(self, units: Iterable[tuple[Line, Fraction]]) -> int:
        """
        What so many units of each of these lines give, whatever the conditions. All together are
        rounded down, so that splitting a line changes nothing; what is free gives none.
        """
        covered = [count for line, count in units if line.net_minor > 0 and self.scope.covers(line)]
        total = sum(covered, Fraction())
        stamps = int(total) if self.per is Per.UNIT else int(total > 0)
        return min(stamps, self.most_per_sale)


@dataclass(frozen=True)
class Stamped:
    """What one bill gives on one card."""

    card: StampCard
    stamps: int  # Whole, above zero.


def stamps_of(cards: Iterable[StampCard], *, basket: Basket, buyer: Buyer) -> tuple[Stamped, ...]:
    """What `basket` gives on each card that is switched on and whose conditions hold."""
    holding = [one for one in cards if one.enabled and one.conditions.hold(basket, buyer)]
    if not holding:  # As with most bills: no goods need be counted.
        return ()
    units = [(line, line.bought) for line in basket.lines]
    found = (Stamped(card, card.stamps(units)) for card in holding)
    return tuple(one for one in found if one.stamps)


def read_all(reader: Reader, root: dict[str, Any], leap_day: LeapDay) -> tuple[StampCard, ...]:
    """Every card of the document, in its order."""
    rows = reader.some_tables("", root, "stamp_cards")
    return tuple(_read(reader, *row, leap_day) for row in rows)


def _read(reader: Reader, place: str, row: dict[str, Any], leap_day: LeapDay) -> StampCard:
    reader.table(place, row, KEYS | scope.KEYS | conditions.KEYS)
    return StampCard(
        key=reader.key(place, row, "key"),
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        enabled=reader.boolean(place, row, "enabled", default=True),
        per=reader.choice(place, row, "per", Per),
        scope=scope.read(reader, place, row),
        conditions=conditions.read(reader, place, row, leap_day),
        needed=reader.whole(place, row, "needed", 2, MOST_NEEDED),
        reward=reader.key(place, row, "reward"),
        valid_days=reader.optional_whole(place, row, "valid_days", 1, 3_660),
        most_per_sale=reader.optional_whole(place, row, "most_per_sale", 1, 1_000) or USUAL_A_SALE,
    )


def check(reader: Reader, cards: tuple[StampCard, ...], known: Known) -> None:
    """Refuse what no single card can know: keys used twice, tiers and branches that do not exist."""
    keys = [card.key for card in cards]
    for index, card in enumerate(cards, 1):
        place = f"stamp_cards[{index}]"
        if card.key in keys[: index - 1]:
            reader.refuse(place, "key", _("another card has this key"))
        conditions.check(reader, place, card.conditions, known)
