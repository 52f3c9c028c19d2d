"""
What usual sales of the past come to: worked out once for all that are alike, by the till's own
arithmetic. A sale is usual when it is a sum alone, by rules that ask for nothing of its customer but
the tier. Pure.
"""

import json
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from loyalty.programme.conditions import Conditions
from loyalty.programme.discounts import Priced
from loyalty.programme.document import Programme
from loyalty.programme.earning import Earning, active_until, last_day
from loyalty.programme.versions import Rules
from loyalty.purchases.bill import Bill
from loyalty.purchases.imports.copying import NULL
from loyalty.purchases.sale import effect_as_paid
from loyalty.tiers.rules import Course

K = TypeVar("K")
V = TypeVar("V")
MOST = 8_192  # Kept of each kind; then that kind begins anew.


class Worth(NamedTuple):
    """What a sale earns and counts for, and how that came about, as JSON."""

    points: int
    tier_points: int
    tier_minor: int
    uncounted_minor: int
    shipping_minor: int
    why: str

    @classmethod
    def of(cls, priced: Priced, earning: Earning) -> "Worth":
        basket = priced.basket
        return cls(
            earning.points,
            earning.tier_points,
            priced.tier_minor,
            basket.total_minor - priced.tier_minor,
            basket.shipping_minor,
            json.dumps(earning.explanation),
        )


class Term(NamedTuple):
    """How long the points of one day live, in one tier."""

    usable_from: date | None
    expires_on: date | None
    active_until: date | None  # Through when a sale of that day keeps points from ending.
    days: str  # The first two, as COPY reads them.

    @classmethod
    def of(
        cls, usable_from: date | None, expires_on: date | None, active_until: date | None
    ) -> "Term":
        days = f"{usable_from or NULL}\t{expires_on or NULL}"
        return cls(usable_from, expires_on, active_until, days)


class Asked(NamedTuple):
    """What some rules want to know of a moment and a branch."""

    conditions: tuple[Conditions, ...]
    by_hour: bool  # And not by the day alone.


class Worths:
    """Remembers what sales that are alike came to."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.worths: dict[tuple[int, str, int, tuple[bool, ...]], Worth] = {}
        self.moments: dict[tuple[int, date, str], tuple[bool, ...]] = {}
        self.terms: dict[tuple[int, str, date], Term] = {}
        self.usual: dict[int, bool] = {}
        self.asked: dict[int, Asked] = {}

    def are_for(self, rules: Rules) -> bool:
        """Whether these rules ask for nothing of a customer but the tier."""
        if rules.version_id not in self.usual:
            programme = rules.programme
            self.usual[rules.version_id] = not (
                any(rule.cap and rule.cap.kept for rule in programme.earn)
                or any(one.birthday for one in _conditions(programme))
            )
            asking = tuple(one for one in _conditions(programme) if one.ask_when_or_where)
            self.asked[rules.version_id] = Asked(asking, any(one.hours for one in asking))
        return self.usual[rules.version_id]

    def of(
        self,
        rules: Rules,
        tier_key: str,
        amount_minor: int,
        at: datetime,
        on: date,
        branch_key: str,
    ) -> Worth:
        """
        What a sum comes to, by rules that `are_for`, paid there and then by such a customer; `on`
        is the day of `at` in the shop.
        """
        then = self._then(rules, at, on, branch_key)
        alike = (rules.version_id, tier_key, amount_minor, then)
        worth = self.worths.get(alike)
        if worth is None:
            local = at.astimezone(self.course.zone)
            basket = Bill.of_total(amount_minor).basket(local, branch_key)
            worth = Worth.of(*effect_as_paid(rules.programme, basket=basket, tier_key=tier_key))
            _room_in(self.worths)[alike] = worth
        return worth

    def term(self, rules: Rules, tier_key: str, on: date) -> Term:
        """How long points live that are earned on that shop-local day."""
        alike = (rules.version_id, tier_key, on)
        term = self.terms.get(alike)
        if term is None:
            programme, tier = rules.programme, rules.programme.tier(tier_key)
            term = _room_in(self.terms)[alike] = Term.of(
                programme.usable_from(on),
                last_day(programme, earned_on=on, tier=tier),
                active_until(programme, bought_on=on, tier=tier),
            )
        return term

    def _then(self, rules: Rules, at: datetime, on: date, branch_key: str) -> tuple[bool, ...]:
        """What conditions say of that moment and branch; nothing else of these matters."""
        conditions, by_hour = self.asked[rules.version_id]
        if not conditions:
            return ()
        alike = (rules.version_id, at if by_hour else on, branch_key)
        then = self.moments.get(alike)
        if then is None:
            local = at.astimezone(self.course.zone)
            then = tuple(one.hold_then(local, branch_key) for one in conditions)
            _room_in(self.moments)[alike] = then
        return then


def _conditions(programme: Programme) -> list[Conditions]:
    """Those that matter to a bill of the past: what was paid is known, and it brings nothing else."""
    return [rule.conditions for rules in (programme.earn, programme.marks) for rule in rules]


def _room_in(kept: dict[K, V]) -> dict[K, V]:
    if len(kept) >= MOST:
        kept.clear()
    return kept
