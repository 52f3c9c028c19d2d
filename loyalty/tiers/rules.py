"""
Where a customer stands: a pure function of what they bought, the versions of the rules and a day.

Events are folded in the order they happened. Between two of them the days are settled on which
a tier may be lost: at the end of the time it is held for, when a purchase leaves the window,
when other rules take effect, when a tier given by hand ends. So it does not matter when, or
whether, the review ran: the next look settles the same days. An event that is learned of late
makes the whole history be counted again.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalty.dates import local_date, start_of_day
from loyalty.programme.document import Programme
from loyalty.programme.ladder import By, Downgrade, Steps, TierRules, Window
from loyalty.programme.versions import Rules, in_force_of
from loyalty.tiers.models import TierChange
from loyalty.tiers.windows import (
    Event,
    counts,
    held_again,
    held_from,
    leaves_on,
    renews,
    still_counts,
    total,
    totals,
)

DAY = timedelta(days=1)
Why = TierChange.Reason


@dataclass(frozen=True)
class Move:
    """One change of the tier a customer has."""

    from_key: str
    to_key: str
    why: Why
    spend_minor: int  # All that counted until then.
    version_id: int
    at: datetime


@dataclass(frozen=True)
class Course:
    """The rules over time, and the shop's calendar."""

    versions: Sequence[tuple[datetime, Rules]]
    zone: ZoneInfo

    def at(self, moment: datetime) -> Rules:
        return in_force_of(self.versions, moment)

    def on(self, day: date) -> Rules:
        """The rules when that day begins."""
        return self.at(start_of_day(day, self.zone))

    @cached_property
    def loses(self) -> bool:
        """Whether any version lets a tier be lost."""
        return any(ladder.downgrade is not Downgrade.NEVER for ladder in self._ladders)

    @cached_property
    def horizon(self) -> timedelta | None:
        """How far back events may matter to a window, and a bit more; None: to no window."""
        windowed = [ladder for ladder in self._ladders if ladder.window is not Window.LIFETIME]
        days = [(ladder.months * 31 or 367) + ladder.grace_days + 2 for ladder in windowed]
        return timedelta(days=max(days)) if days else None

    @cached_property
    def change_days(self) -> tuple[date, ...]:
        """The first day that begins under each version."""
        days = []
        for moment, _rules in self.versions[1:]:
            day = local_date(moment, self.zone)
            days.append(day if start_of_day(day, self.zone) == moment else day + DAY)
        return tuple(days)

    @property
    def _ladders(self) -> list[TierRules]:
        return [rules.programme.tier_rules for _moment, rules in self.versions]


class Climb(NamedTuple):  # A sale makes several, for which a dataclass takes five times as long.
    """Where one customer stands. Each method gives the next state; none changes this one."""

    customer_id: int
    tier_key: str = ""  # What they have: the higher of earned and given. Empty at the very start.
    earned_key: str = ""
    spend_minor: int = 0  # All that ever counted, as `points` and `visits`.
    points: int = 0
    visits: int = 0
    last_visit_on: date | None = None
    since: datetime | None = None
    held_through: date | None = None  # No review before that day is over.
    floor_key: str = ""  # A tier given by hand,
    floor_through: date | None = None  # through that day.
    version_id: int | None = None
    counted_at: datetime | None = None  # The newest event.
    settled_on: date | None = None  # Every day until then is settled.
    events: tuple[Event, ...] = ()  # Oldest first: those a window may count, or
    complete: bool = True  # all there are.
    moves: tuple[Move, ...] = ()  # Not yet written.

    def qualify(self, event: Event, course: Course) -> "Climb":
        """The standing after one more event, which may have happened before others."""
        if self.counted_at is None or self.settled_on is None:
            return self._count(event, course)
        if event.at >= self.counted_at and event.on >= self.settled_on:
            return self._count(event, course)
        return self._count_again(event, course)

    def advance(self, to: date, course: Course) -> "Climb":
        """The standing when that day begins."""
        if self.floor_through is None and not course.loses:
            return self  # Nothing changes by itself.
        climb = self
        while (day := climb._next_day(course)) is not None and day <= to:
            climb = climb._settle(day, course)
        return climb

    def tier_for_sale(self, on: date, course: Course) -> str:
        """
        The tier in which a sale of that day earns. One that is learned of late earns in the tier
        that all known events led to, whether or not reviews of later days have run.
        """
        if self.counted_at is None or self.settled_on is None or on >= self.settled_on:
            return self.advance(on, course).tier_key
        through = max(on, local_date(self.counted_at, course.zone))
        if through >= self.settled_on:
            return self.tier_key
        if not self.complete:
            raise ValueError("a day from before needs all events")
        then = recount(self.customer_id, self.events, through=through, course=course)
        programme = course.on(through).programme
        if self.floor_through is None or through > self.floor_through:
            return then.earned_key
        return max(then.earned_key, self.floor_key, key=programme.rank)

    def with_floor(self, key: str, through: date, *, at: datetime, course: Course) -> "Climb":
        """The standing with a tier given by hand at that moment, instead of an earlier one."""
        then = self.advance(local_date(at, course.zone), course)
        climb = then._replace(floor_key=key, floor_through=through)
        return climb._moved(course.at(at), at, local_date(at, course.zone), Why.HAND)

    def _count(self, event: Event, course: Course) -> "Climb":
        climb = self.advance(event.on, course)
        rules = course.at(event.at)
        counted = climb._replace(
            spend_minor=climb.spend_minor + event.spend_minor,
            points=climb.points + event.points,
            visits=climb.visits + (event.is_visit and event.on != climb.last_visit_on),
            last_visit_on=event.on if event.is_visit else climb.last_visit_on,
            counted_at=event.at,
            settled_on=event.on,
            events=climb._kept(event, course),
        )
        programme = rules.programme
        reached = programme.tier_for(*counted.counting_both(event.on, programme.tier_rules))
        if counted._stays_in(reached.key, programme):
            return counted
        above = programme.rank(reached.key) > programme.rank(counted.earned_key)
        if above or not counted.earned_key:
            held = held_from(event.on, programme.tier_rules) if reached.entry else None
            counted = counted._replace(earned_key=reached.key, held_through=held)
        elif programme.tier_rules.downgrade is Downgrade.AT_ONCE:
            counted = counted._below(event.on, programme)
        why = Why.REACHED if self.tier_key else Why.JOINED
        rank, before = programme.rank(counted.earned_key), programme.rank(self.earned_key)
        return counted._moved(rules, event.at, event.on, Why.BELOW if rank < before else why)

    def _stays_in(self, reached: str, programme: Programme) -> bool:
        """Whether nothing comes of it, as of most sales: the tier reached is the one they have."""
        return (
            reached == self.earned_key == self.tier_key
            and self.floor_through is None
            and programme.tier_rules.downgrade is not Downgrade.AT_ONCE
        )

    def _count_again(self, event: Event, course: Course) -> "Climb":
        if not self.complete:
            raise ValueError("an event from before needs all events")
        events = list(self.events)
        insort(events, event, key=attrgetter("at"))
        through = max(event.on, self.settled_on or event.on)
        return self.restated(events, at=event.at, through=through, why=Why.RECOUNTED, course=course)

    def restated(
        self, events: Iterable[Event], *, at: datetime, through: date, why: Why, course: Course
    ) -> "Climb":
        """The standing when these turn out to be all events, and when that day begins."""
        fresh = recount(self.customer_id, events, through=through, course=course)
        again = fresh._replace(
            tier_key=self.tier_key,
            since=self.since,
            floor_key=self.floor_key,
            floor_through=self.floor_through,
            version_id=self.version_id,
            moves=self.moves,
            settled_on=self._floor_settled(fresh.settled_on, through),
        )._moved(course.at(at), at, through, why)
        given = again.floor_through is not None and again.floor_through >= through
        return again if given else again._replace(since=fresh.since, version_id=fresh.version_id)

    def _floor_settled(self, settled_on: date | None, through: date) -> date | None:
        """
        That day, or the one on which the tier given by hand was over, should that be later: else
        the next event of before would find it given still.
        """
        if settled_on is None or self.floor_through is None or through <= self.floor_through:
            return settled_on
        return max(settled_on, self.floor_through + DAY)

    def counting(self, on: date, ladder: TierRules, by: By) -> int:
        """What of that counts on that day: minor units, points or visits."""
        if ladder.window is Window.LIFETIME:
            if by is By.SPEND:
                return self.spend_minor
            return self.points if by is By.POINTS else self.visits
        return total(by, (event for event in self.events if counts(event, on, ladder)))

    def counting_both(self, on: date, ladder: TierRules) -> tuple[int, int]:
        """What counts on that day, and what counts besides (0 where nothing does)."""
        besides = self.counting(on, ladder, ladder.and_by) if ladder.and_by else 0
        return self.counting(on, ladder, ladder.by), besides

    def _kept(self, event: Event, course: Course) -> tuple[Event, ...]:
        if self.complete:
            return (*self.events, event)
        if course.horizon is None:
            return ()
        oldest = event.on - course.horizon
        return (*(one for one in self.events if one.on >= oldest), event)

    def _next_day(self, course: Course) -> date | None:
        """The next day on which something may change by itself."""
        days: list[date] = []
        if self.floor_through is not None:
            days.append(self.floor_through + DAY)
        if course.loses and self.earned_key and self.settled_on is not None:
            days += course.change_days
            days += self._days_of_loss(course, course.on(self.settled_on + DAY).programme)
        return min(
            (day for day in days if self.settled_on is None or day > self.settled_on), default=None
        )

    def _days_of_loss(self, course: Course, programme: Programme) -> Iterable[date]:
        ladder = programme.tier_rules
        if programme.rank(self.earned_key) == 0:
            return ()
        if ladder.downgrade is Downgrade.REVIEW and self.held_through is not None:
            return (self.held_through + timedelta(days=ladder.grace_days + 1),)
        if ladder.downgrade is Downgrade.AT_ONCE and ladder.window is Window.ROLLING:
            return (leaves_on(event, ladder) for event in self.events)
        return ()

    def _settle(self, day: date, course: Course) -> "Climb":
        rules = course.on(day)
        climb, programme = self._replace(settled_on=day), rules.programme
        ladder, why = programme.tier_rules, Why.HAND_ENDED
        if programme.rank(climb.earned_key) == 0 or ladder.downgrade is Downgrade.NEVER:
            climb = climb._replace(held_through=None)
        elif ladder.downgrade is Downgrade.AT_ONCE:
            climb, why = climb._below(day, programme), Why.BELOW
        elif climb.held_through is None:  # A rule that is new: its time begins today.
            climb = climb._replace(held_through=held_from(day, ladder))
        elif day > climb.held_through + timedelta(days=ladder.grace_days):
            climb, why = climb._reviewed(climb.held_through, programme), Why.REVIEW
        if climb.earned_key == self.earned_key:
            why = Why.HAND_ENDED
        return climb._moved(rules, start_of_day(day, course.zone), day, why)

    def _below(self, day: date, programme: Programme) -> "Climb":
        """Down to the tier that what counts keeps, when it no longer keeps this one."""
        if programme.rank(self.earned_key) == 0:
            return self
        ladder = programme.tier_rules
        if ladder.window is Window.LIFETIME:
            counted = self.counting_both(day, ladder)
        else:
            counted = totals(
                ladder, [event for event in self.events if still_counts(event, day, ladder)]
            )
        if programme.tier(self.earned_key).kept_with(*counted):
            return self
        return self._replace(earned_key=_kept_by(counted, self.earned_key, programme))

    def _reviewed(self, through: date, programme: Programme) -> "Climb":
        """The tier held through that day: held again, or lost."""
        ladder = programme.tier_rules
        counted = totals(ladder, [event for event in self.events if renews(event, through, ladder)])
        key = self.earned_key
        if not programme.tier(key).kept_with(*counted):
            rank = programme.rank(key)
            key = (
                programme.tiers[rank - 1].key
                if ladder.steps is Steps.ONE
                else _kept_by(counted, key, programme)
            )
        held = held_again(through, ladder) if programme.rank(key) else None
        return self._replace(earned_key=key, held_through=held)

    def _moved(self, rules: Rules, at: datetime, on: date, why: Why) -> "Climb":
        """The standing with the tier that earned and given come to, and the move to it."""
        programme = rules.programme
        rank = programme.rank(self.earned_key)
        if self.floor_through is not None and on <= self.floor_through:
            rank = max(rank, programme.rank(self.floor_key))
        if self.tier_key and rank == programme.rank(self.tier_key):
            return self
        key = programme.tiers[rank].key
        move = Move(self.tier_key, key, why, self.spend_minor, rules.version_id, at)
        return self._replace(
            tier_key=key, since=at, version_id=rules.version_id, moves=(*self.moves, move)
        )


def recount(customer_id: int, events: Iterable[Event], *, through: date, course: Course) -> Climb:
    """
    Where the customer stands when that day begins, from nothing but all their events, in the
    order they happened; tiers given by hand apart.
    """
    climb = Climb(customer_id)
    for event in events:
        climb = climb.qualify(event, course)
    return climb.advance(through, course)


def _kept_by(counted: tuple[int, int], key: str, programme: Programme) -> str:
    """The highest tier below that one which so much keeps."""
    below = programme.tiers[: programme.rank(key)]
    return [tier.key for tier in below if tier.kept_with(*counted)][-1]
