"""
One customer's days again, under other rules: the till's own arithmetic, the tiers' own folding
and a purse in memory. Pure: it is given all it asks about, and writes nothing.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import singledispatchmethod

from loyalty.errors import DomainError
from loyalty.programme.bonuses import Event as Occasion
from loyalty.programme.document import Programme
from loyalty.programme.earning import active_until, last_day
from loyalty.programme.tickets import TicketRefused
from loyalty.purchases.returns import Sold, after_return, return_of
from loyalty.purchases.sale import Effect, Extras, Given, Sale, Situation, effect_of, offer_of
from loyalty.reports.rehearsal.deeds import (
    Bought,
    Credited,
    Debited,
    Deed,
    HandSet,
    Person,
    Returned,
    Reversed,
)
from loyalty.reports.rehearsal.figures import Figures
from loyalty.reports.rehearsal.purse import Purse
from loyalty.reports.rehearsal.selling import backs_of, sold_of
from loyalty.tiers.rules import Climb, Course
from loyalty.tiers.windows import Event
from rewards.presenting import Presented

SOURCE = "rehearsal"


Name = tuple[int, int]  # Of a sale: the round, and its number.


@dataclass
class Replay:
    """Play a person's deeds under the rules of `course`, one round after the other."""

    person: Person
    course: Course
    figures: Figures = field(default_factory=Figures)
    points: dict[int, int] = field(default_factory=dict)  # By sale: what it earned.
    round: int = 0  # 0: the days as they were. Later ones are guesses, and are not counted.
    shift: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.purse = _purse_of(self.person)
        self.climb = Climb(self.person.customer_id)
        self.refused: set[Hashable] = set()  # Rewards that points did not suffice for.
        self.sales: dict[Name, Sold] = {}  # Of this round, as they are by now.
        # What sales used up of what can be had only so often.
        self.uses: dict[Name, tuple[tuple[Given, ...], frozenset[str]]] = {}

    def begin(self, on: date) -> None:
        """Stand where the customer stood when that day began."""
        for event in self.person.events:
            self._count(event)
        self.climb = self.climb.advance(on, self.course)._replace(complete=False, moves=())
        if self.person.bought_at is not None:
            bought_on = self.person.bought_at.astimezone(self.course.zone).date()
            rules = self.course.at(self.person.bought_at)
            self._keep_alive(rules.programme, bought_on, self.climb.tier_key)
        self.purse.expire(on)
        self.purse.counted_from = on

    def play(self, *, until: datetime) -> None:
        """Do the deeds of this round that come before that moment."""
        for deed in self.person.deeds:
            if (moved := self._moved(deed)).at >= until:
                return
            self.purse.expire(moved.on)
            self.do(moved)

    def end(self, on: date) -> None:
        """Let the days pass until that one begins."""
        self.purse.expire(on)
        self.climb = self.climb.advance(on, self.course)._replace(moves=())

    def again(self, *, shift: timedelta) -> None:
        """Begin another round, so much later than the days themselves."""
        self.round, self.shift = self.round + 1, shift
        self.figures, self.sales = Figures(), {}

    def _moved(self, deed: Deed) -> Deed:
        if not self.shift:
            return deed
        local = deed.at.astimezone(self.course.zone).replace(tzinfo=None) + self.shift
        at = local.replace(tzinfo=self.course.zone)
        return replace(deed, at=at, on=deed.on + self.shift)

    @singledispatchmethod
    def do(self, deed: Deed) -> None:
        raise TypeError(f"unknown deed: {deed}")

    @do.register
    def _buy(self, deed: Bought) -> None:
        sale = self._sale_of(deed)
        effect = self._effect_of(sale, deed)
        if effect.after is not None:
            self.climb = effect.after._replace(moves=())
        if effect.active_until:
            self.purse.keep_alive(effect.active_until, on=deed.on)
        name = (self.round, deed.purchase_id)
        if effect.payment.points:
            self.purse.debit(("spent", *name), effect.payment.points, on=deed.on)
        if effect.credit:
            self.purse.credit(
                ("sale", *name),
                effect.credit.points,
                usable_from=effect.credit.usable_from,
                expires_on=effect.credit.expires_on,
            )
        given = tuple(Given(key, deed.on, n) for key, n in effect.earning.given.items())
        self.sales[name] = sold_of(deed, effect)
        if given or effect.priced.used:
            self.uses[name] = given, effect.priced.used
        if self.round == 0:
            self.points[deed.purchase_id] = effect.points
        self._tally(effect)

    def _tally(self, effect: Effect) -> None:
        self.figures.sales += 1
        self.figures.discount_minor += effect.priced.discount_minor
        self.figures.earned += effect.points
        self.figures.paid_points += effect.payment.points
        self.figures.paid_minor += effect.payment.worth_minor

    @do.register
    def _return(self, deed: Returned) -> None:
        name = (self.round, deed.purchase_id)
        sold = self.sales.get(name, deed.older if self.round == 0 else None)
        if sold is not None:
            self._return_of(name, sold, deed)

    def _return_of(self, name: Name, sold: Sold, deed: Returned) -> None:
        cancels = deed.amount_minor is None and not deed.lines
        backs = backs_of(sold, deed)
        if backs is None:
            return
        policy = self.course.at(deed.at).programme.refunds
        made = return_of(sold, backs, policy=policy.spent_points, cancels=cancels)
        self.sales[name] = left = replace(
            after_return(sold, backs, cancels=cancels),
            returned_points=sold.returned_points + made.returned_points,
            in_points_minor=sold.in_points_minor + made.in_points_minor,
        )
        if left.is_over:
            self.uses.pop(name, None)
        earned: Hashable = deed.earned_id if deed.older else ("sale", *name)
        spent: Hashable = deed.spent_id if deed.older else ("spent", *name)
        self._give_back(spent, made.returned_points, deed)
        self._take_back(earned, made.points_due, deed)
        self._count(Event(deed.at, deed.on, -made.counted_minor, -made.tier_points))

    def _give_back(self, spent: Hashable, points: int, deed: Deed) -> None:
        if points:
            self.purse.give_back(spent, points, on=deed.on)

    def _take_back(self, earned: Hashable, due: int, deed: Deed) -> None:
        lowest = self.course.at(deed.at).programme.refunds.lowest
        if due:
            self.figures.taken_back += self.purse.take_back(earned, due, lowest=lowest)

    @do.register
    def _credit(self, deed: Credited) -> None:
        points, expires_on = deed.points, deed.expires_on and deed.expires_on + self.shift
        if deed.occasion:
            points, expires_on = self._bonus(deed.occasion, deed)
            self.figures.bonuses += points
        if points:
            usable_from = deed.usable_from and deed.usable_from + self.shift
            self.purse.credit(
                self._name(deed.entry_id), points, usable_from=usable_from, expires_on=expires_on
            )

    def _bonus(self, occasion: Occasion, deed: Credited) -> tuple[int, date | None]:
        """What these rules give for the same occasion, and through when."""
        programme = self.course.at(deed.at).programme
        bonus = programme.bonuses.of(occasion)
        if bonus is None:
            return 0, None
        tier = programme.tier(self.climb.advance(deed.on, self.course).tier_key)
        usual = last_day(programme, earned_on=deed.on, tier=tier)
        return bonus.points_for(tier.key), bonus.last_day(deed.on, otherwise=usual)

    @do.register
    def _debit(self, deed: Debited) -> None:
        if not self.purse.debit(self._name(deed.entry_id), deed.points, on=deed.on):
            self.figures.unaffordable += 1
            self.refused.add(self._name(deed.entry_id))
            return
        self.figures.redeemed_points += deed.points
        self.figures.redeemed_minor += deed.worth_minor

    @do.register
    def _reverse(self, deed: Reversed) -> None:
        name: Hashable = self._name(deed.entry_id)
        known = name in self.purse.spent or name in self.purse.lots
        name = name if known or self.round else deed.entry_id
        if deed.points > 0:
            self.purse.give_back(name, deed.points, on=deed.on)
        else:
            lowest = self.course.at(deed.at).programme.refunds.lowest
            self.purse.take_back(name, -deed.points, lowest=lowest)

    @do.register
    def _set_by_hand(self, deed: HandSet) -> None:
        self._count(replace(deed, through=deed.through + self.shift))

    def _name(self, entry_id: int) -> Hashable:
        return ("entry", self.round, entry_id)

    def _count(self, event: Event | HandSet) -> None:
        if isinstance(event, HandSet):
            climb = self.climb.with_floor(
                event.tier_key, event.through, at=event.at, course=self.course
            )
        else:
            climb = self.climb.qualify(event, self.course)
        self.climb = climb._replace(moves=())

    def _keep_alive(self, programme: Programme, bought_on: date, tier_key: str) -> None:
        until = active_until(programme, bought_on=bought_on, tier=programme.tier(tier_key))
        if until is not None:
            self.purse.keep_alive(until, on=bought_on)

    def _sale_of(self, deed: Bought) -> Sale:
        return Sale(
            source=SOURCE,
            reference=deed.reference,
            customer_id=self.person.customer_id,
            branch_id=deed.branch_id,
            branch_key=deed.branch_key,
            bill=deed.bill,
            at=deed.at,
            on=deed.on,
            recorded_at=deed.at,
            by_id=None,
            batch_id=deed.batch_id,
        )

    def _effect_of(self, sale: Sale, deed: Bought) -> Effect:
        """The sale's effect; of the points that paid, as many as these rules let pay."""
        pays = bool(sale.bill.spend_points)
        usable = self.purse.usable(sale.on) if pays else 0
        met = Situation(
            self.course,
            self.climb,
            usable=usable,
            extras=self._extras(),
            vouchers=self._vouchers(deed),
        )
        bare = replace(sale, bill=replace(sale.bill, spend_points=0))
        try:
            effect = effect_of(bare, met)
        except TicketRefused:  # The bill comes to too little for one by these rules.
            met = replace(met, vouchers=())
            effect = effect_of(bare, met)
        if not pays:
            return effect
        try:
            return effect_of(sale, met)
        except DomainError:
            self.figures.unaffordable += 1
        most = offer_of(bare, met, effect)
        points = min(most.most, sale.bill.spend_points)
        points = points // most.step * most.step if most.step else 0
        if points < max(most.least, 1):
            return effect
        return effect_of(replace(bare, bill=replace(bare.bill, spend_points=points)), met)

    def _vouchers(self, deed: Bought) -> tuple[Presented, ...]:
        """
        Those of the sale, but for what its customer could not buy by these rules. In later rounds
        what was bought before the rehearsed days is used up.
        """
        return tuple(
            one
            for one, entry_id in deed.vouchers
            if entry_id is None
            or self._name(entry_id) in self.purse.spent
            or (self.round == 0 and self._name(entry_id) not in self.refused)
        )

    def _extras(self) -> Extras:
        uses = self.uses.values()
        given = (*self.person.given, *(one for given, _used in uses for one in given))
        used = self.person.used.union(*(used for _given, used in uses))
        return Extras(self.person.birthday, given, frozenset(used))


def _purse_of(person: Person) -> Purse:
    purse = Purse(owed=person.owed)
    for lot in person.lots:
        purse.put(replace(lot))
    for entry_id, taken in person.taken.items():
        purse.spent[entry_id] = [(purse.lots[key], points) for key, points in taken]
    return purse
