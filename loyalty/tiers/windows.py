"""Which events count on a day, which keep a tier, and how long a tier is held. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from loyalty.dates import add_months
from loyalty.programme.ladder import By, Downgrade, TierRules, Window

DAY = timedelta(days=1)


class Event(NamedTuple):
    """What counts: one sale, or a refund with negative figures."""

    at: datetime
    on: date  # The same moment's day in the shop.
    spend_minor: int
    points: int

    @property
    def is_visit(self) -> bool:
        return self.spend_minor > 0


def total(by: By, events: Iterable[Event]) -> int:
    """What these events come to: minor units, points or visits."""
    if by is By.SPEND:
        return sum(event.spend_minor for event in events)
    if by is By.POINTS:
        return sum(event.points for event in events)
    return len({event.on for event in events if event.is_visit})


def totals(ladder: TierRules, events: Sequence[Event]) -> tuple[int, int]:
    """What these events come to, and what they come to besides (0 where nothing counts)."""
    besides = total(ladder.and_by, events) if ladder.and_by else 0
    return total(ladder.by, events), besides


def counts(event: Event, on: date, ladder: TierRules) -> bool:
    """Whether the event lies in the window of that day."""
    if ladder.window is Window.CALENDAR_YEAR:
        return event.on <= on and event.on.year == on.year
    return event.on <= on < add_months(event.on, ladder.months)


def still_counts(event: Event, on: date, ladder: TierRules) -> bool:
    """The same with the days of grace, for keeping a tier."""
    return event.on <= on < leaves_on(event, ladder)


def leaves_on(event: Event, ladder: TierRules) -> date:
    """The day a rolling window forgets the event, grace included."""
    return add_months(event.on, ladder.months) + timedelta(days=ladder.grace_days)


def renews(event: Event, through: date, ladder: TierRules) -> bool:
    """Whether the event helps to keep a tier that was held through that day."""
    if event.on > through + timedelta(days=ladder.grace_days):
        return False
    if ladder.window is Window.ROLLING:
        return add_months(event.on, ladder.months) > through
    return event.on.year >= through.year if ladder.carry_over else event.on > through


def held_from(on: date, ladder: TierRules) -> date | None:
    """Through when a tier reached on that day is held; None: no review will come."""
    if ladder.downgrade is not Downgrade.REVIEW:
        return None
    if ladder.window is Window.ROLLING:
        return add_months(on, ladder.months) - DAY
    return date(on.year + ladder.carry_over, 12, 31)


def held_again(through: date, ladder: TierRules) -> date:
    """Through when a tier is held after the review of that day."""
    if ladder.window is Window.ROLLING:
        return add_months(through + DAY, ladder.months) - DAY
    return date(through.year + 1, 12, 31)
