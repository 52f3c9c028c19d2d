"""
What each sale of a part does, one customer after the other in the order of time: as lines for COPY,
and where each customer stands at the end. No database.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby, islice
from operator import attrgetter
from typing import NamedTuple

from loyalty.ledger.services import check_points
from loyalty.programme.versions import Rules
from loyalty.purchases.bill import request_hash
from loyalty.purchases.imports.bills import bill_of
from loyalty.purchases.imports.copying import NULL
from loyalty.purchases.imports.worths import MOST, Term, Worth, Worths
from loyalty.purchases.sale import Effect, Extras, Sale, Situation, effect_of
from loyalty.tiers.rules import Climb, Course
from loyalty.tiers.windows import Event

NO_TERM = Term.of(None, None, None)
NO_EXTRAS = Extras()


class Staged(NamedTuple):
    """A sale as the stage has it, in its place there."""

    place: int
    customer_id: int | None
    branch_id: int | None
    reference: str
    amount_minor: int
    fees_minor: int
    bill: str | None  # The lines, as JSON of what `bill_of` takes.
    on: date
    at: datetime


class Kept(NamedTuple):
    """A sale with lines, or with points by a rule that remembers them."""

    place: int
    sale: Sale
    effect: Effect


@dataclass(frozen=True)
class Batch:
    """What all sales of an import have in common."""

    id: int
    source: str
    at: datetime
    by_id: int | None
    branch_keys: Mapping[int | None, str]


@dataclass
class Whys:
    """Explanations, as JSON, numbered: what one part has told need not be told by the next."""

    numbers: dict[str, int] = field(default_factory=dict)  # In their order, without a gap.
    forgotten: int = 0  # The numbers up to this one.

    def number(self, why: str) -> int:
        return self.numbers.setdefault(why, self.forgotten + len(self.numbers) + 1)

    def make_room(self) -> None:
        if len(self.numbers) >= MOST:
            self.forgotten += len(self.numbers)
            self.numbers.clear()

    def after(self, number: int) -> Iterator[tuple[str, int]]:
        return islice(self.numbers.items(), max(number - self.forgotten, 0), None)


@dataclass
class Made:
    """What the sales of one part came to."""

    whys: Whys
    lines: list[str] = field(default_factory=list)  # As `writing` copies them.
    points: int = 0
    active_until: dict[int, date] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    ends: list[Climb] = field(default_factory=list)  # Where each customer stands.

    def add(
        self,
        row: Staged,
        worth: Worth,
        rules: Rules,
        term: Term,
        before: str,
        after: str,
        asked: str = NULL,
    ) -> None:
        """One more sale, with what `writing` cannot know of it, in the order of its columns."""
        points, why = worth.points, NULL
        if points:
            check_points(points)
            self.points += points
            why = str(self.whys.number(worth.why))
        if term.active_until and row.customer_id is not None:
            latest = self.active_until.get(row.customer_id, term.active_until)
            self.active_until[row.customer_id] = max(term.active_until, latest)
        self.lines.append(
            f"{row.place}\t{why}\t{points}\t{worth.tier_points}\t{worth.uncounted_minor}"
            f"\t{worth.shipping_minor}\t{rules.version_id}\t{term.days}"
            f"\t{before}\t{after}\t{asked}\n"
        )


class Maker:
    """Works sales out, for one import."""

    def __init__(self, batch: Batch, course: Course) -> None:
        self.batch, self.course = batch, course
        self.worths, self.whys = Worths(course), Whys()

    def make(
        self, rows: Iterable[Staged], climbs: Mapping[int, Climb], extras: Mapping[int, Extras]
    ) -> Made:
        """
        What these sales do to customers who stand there. Each customer's come together, in the
        order of time. Of `extras` only what rules ask that `worths` are not for. Raises
        InvalidInput for points that no entry may have.
        """
        self.whys.make_room()
        made = Made(self.whys)
        for customer_id, theirs in groupby(rows, attrgetter("customer_id")):
            if customer_id is None:
                self._make_anonymous(theirs, made)
            else:
                situation = Situation(
                    self.course, climbs[customer_id], extras=extras.get(customer_id, NO_EXTRAS)
                )
                made.ends.append(self._make_theirs(theirs, situation, climbs[customer_id], made))
        return made

    def _make_theirs(
        self, rows: Iterable[Staged], situation: Situation, climb: Climb, made: Made
    ) -> Climb:
        for row in rows:
            rules = self.course.at(row.at)
            if row.bill or not self.worths.are_for(rules):
                situation = self._one(row, replace(situation, climb=climb), made)
                climb = situation.climb or climb
            else:
                climb = self._usual(row, rules, climb, made)
        return climb

    def _make_anonymous(self, rows: Iterable[Staged], made: Made) -> None:
        nobody = Situation(self.course, None)
        for row in rows:
            rules = self.course.at(row.at)
            if row.bill or not self.worths.are_for(rules):
                self._one(row, nobody, made)
            else:
                key = self.batch.branch_keys[row.branch_id]
                worth = self.worths.of(rules, "", row.amount_minor, row.at, row.on, key)
                made.add(row, worth._replace(points=0, tier_points=0), rules, NO_TERM, "", "")

    def _usual(self, row: Staged, rules: Rules, climb: Climb, made: Made) -> Climb:
        """A sum alone, of a customer of whom nothing but the tier matters."""
        before = rules.programme.tier(climb.tier_for_sale(row.on, self.course)).key
        branch_key = self.batch.branch_keys[row.branch_id]
        worth = self.worths.of(rules, before, row.amount_minor, row.at, row.on, branch_key)
        event = Event(row.at, row.on, worth.tier_minor, worth.tier_points)
        after = climb.qualify(event, self.course)
        term = self.worths.term(rules, before, row.on)
        made.add(row, worth, rules, term, before, after.tier_key)
        return after

    def _one(self, row: Staged, situation: Situation, made: Made) -> Situation:
        """Any other sale, asked about by itself."""
        sale = self._sale(row)
        effect = effect_of(sale, situation)
        credit = effect.credit
        made.add(
            row,
            Worth.of(effect.priced, effect.earning)._replace(points=effect.points),
            effect.rules,
            Term.of(
                credit.usable_from if credit else None,
                credit.expires_on if credit else None,
                effect.active_until,
            ),
            effect.tier_before,
            effect.tier_after,
            asked=request_hash(
                customer_id=sale.customer_id, branch_id=sale.branch_id, bill=sale.bill
            ),
        )
        if sale.bill.lines or (effect.after and effect.earning.given):
            made.kept.append(Kept(row.place, sale, effect))
        return situation.following(sale, effect)

    def _sale(self, row: Staged) -> Sale:
        told = json.loads(row.bill or "[]")
        bill = bill_of(told, amount_minor=row.amount_minor, fees_minor=row.fees_minor)
        return Sale(
            source=self.batch.source,
            reference=row.reference,
            customer_id=row.customer_id,
            branch_id=row.branch_id,
            branch_key=self.batch.branch_keys[row.branch_id],
            bill=bill,
            at=row.at,
            on=row.on,
            recorded_at=self.batch.at,
            by_id=self.batch.by_id,
            batch_id=self.batch.id,
        )
