"""
What other rules would have made of the shop's own sales, before anybody publishes them.

The last days are played twice, by the rules in force and by the draft, from where every customer
stood when they began; then again and again until twelve months more are over, to see how many
points customers would hold. It reads only.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import nlargest

from loyalty.dates import add_months, local_date, start_of_day
from loyalty.programme.document import Programme, parse
from loyalty.programme.versions import Rules, in_force, timeline
from loyalty.reports.asking import one_moment
from loyalty.reports.rehearsal.deeds import Bought, Person
from loyalty.reports.rehearsal.figures import Figures
from loyalty.reports.rehearsal.reading import Days, people
from loyalty.reports.rehearsal.replaying import Replay
from loyalty.shop.models import Branch
from loyalty.shop.queries import get_shop
from loyalty.tiers.rules import Course

SHOWN = 20  # Customers, and sales, that are named.
NOT_PLAYED = ("stamp_cards", "coupons", "referral")
MONTHS_LATER = 12
MOST_DAYS = 366


@dataclass(frozen=True)
class Moved:
    """A customer who would be in another tier."""

    customer_id: int
    name: str
    today_tier: str  # Keys.
    draft_tier: str
    up: bool
    spend_minor: int  # All that ever counted for the tier.


@dataclass(frozen=True)
class Differs:
    """A sale that would have earned other points."""

    reference: str
    on: date
    customer_id: int
    today_points: int
    draft_points: int


@dataclass
class Rehearsal:
    """What the days come to by the rules in force, and by the draft."""

    first_day: date
    last_day: date
    later_day: date  # For which `outstanding_later` is.
    today: Figures = field(default_factory=Figures)
    draft: Figures = field(default_factory=Figures)
    customers: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)  # Tiers, today's and draft's.
    moved: list[Moved] = field(default_factory=list)  # Those who spent most.
    differing: list[Differs] = field(default_factory=list)  # The greatest differences.
    # Parts of the document that the draft changes and no run plays: they are left as they were.
    not_played: tuple[str, ...] = ()


def rehearse(*, document: str, days: int, at: datetime) -> Rehearsal:
    """
    Play the last `days` whole days before the shop's day of `at` under the draft `document` and
    under the rules in force `at`, as if either had taken effect when they began. Writes nothing:
    the database refuses to. Raises InvalidProgramme, and NoProgramme while there are no rules.
    """
    with one_moment():
        zone = get_shop().zone
        draft = parse(document, branches=frozenset(Branch.objects.values_list("key", flat=True)))
        today = local_date(at, zone)
        first = today - timedelta(days=days)
        since, until = start_of_day(first, zone), start_of_day(today, zone)
        asked = Days(since, until, Course(tuple(timeline()), zone))
        rules = in_force(at)
        stage = _Stage(
            asked,
            first,
            today,
            ruled_by(asked.course, rules, since),
            ruled_by(asked.course, Rules(0, 0, draft), since),
        )
        done = Rehearsal(first, today - timedelta(days=1), stage.later)
        done.not_played = tuple(
            part for part in NOT_PLAYED if getattr(draft, part) != getattr(rules.programme, part)
        )
        for person in people(asked):
            stage.play(person, done)
    done.moved = nlargest(SHOWN, done.moved, key=lambda one: (one.spend_minor, -one.customer_id))
    return done


def ruled_by(course: Course, rules: Rules, since: datetime) -> Course:
    """The rules as they were until then, and these from then on."""
    before = tuple((moment, version) for moment, version in course.versions if moment < since)
    return Course((*before, (since, rules)), course.zone)


@dataclass(frozen=True)
class _Stage:
    days: Days
    first: date
    today: date
    by_today: Course
    by_draft: Course

    @property
    def later(self) -> date:
        return add_months(self.today, MONTHS_LATER)

    def play(self, person: Person, done: Rehearsal) -> None:
        """Both runs of one customer, counted into `done`."""
        before, after = self._run(person, self.by_today), self._run(person, self.by_draft)
        done.customers += 1
        for run, figures in ((before, done.today), (after, done.draft)):
            figures.add(run.counted)
        self._tell_move(person, before, after, done)
        found = [*done.differing, *_differences(person, before.replay, after.replay)]
        done.differing = nlargest(SHOWN, found, key=_difference)

    def _run(self, person: Person, course: Course) -> "_Run":
        replay = Replay(person, course)
        replay.begin(self.first)
        replay.play(until=self.days.until)
        replay.end(self.today)
        figures, tier_key = replay.figures, replay.climb.tier_key
        replay.figures = Figures()
        figures.expired = replay.purse.expired
        figures.outstanding = max(replay.purse.balance, 0)
        self._go_on(replay)
        figures.outstanding_later = max(replay.purse.balance, 0)
        return _Run(replay, figures, tier_key)

    def _go_on(self, replay: Replay) -> None:
        """The same days again and again, until twelve months more are over."""
        length, end = self.today - self.first, start_of_day(self.later, self.days.course.zone)
        shift = length
        while self.first + shift < self.later and replay.person.deeds:
            replay.again(shift=shift)
            replay.play(until=end)
            shift += length
        replay.end(self.later)

    def _tell_move(self, person: Person, before: "_Run", after: "_Run", done: Rehearsal) -> None:
        if before.tier_key == after.tier_key:
            return
        programme = self.by_draft.at(self.days.since).programme
        up = _rank(programme, after.tier_key) > _rank(programme, before.tier_key)
        done.moves[before.tier_key, after.tier_key] += 1
        done.moved.append(
            Moved(
                person.customer_id,
                person.name,
                before.tier_key,
                after.tier_key,
                up,
                after.replay.climb.spend_minor,
            )
        )


@dataclass(frozen=True)
class _Run:
    replay: Replay
    counted: Figures
    tier_key: str


def _rank(programme: Programme, key: str) -> int:
    """How high that tier stands in the draft; one it has no more, at the bottom."""
    return programme.rank(key) if key else -1


def _differences(person: Person, before: Replay, after: Replay) -> Iterator[Differs]:
    for deed in person.deeds:
        if not isinstance(deed, Bought):
            continue
        today, draft = before.points[deed.purchase_id], after.points[deed.purchase_id]
        if today != draft:
            yield Differs(deed.reference, deed.on, person.customer_id, today, draft)


def _difference(one: Differs) -> tuple[int, str]:
    return abs(one.draft_points - one.today_points), one.reference
