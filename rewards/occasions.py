"""
Birthdays and anniversaries of joining: who is due points today, or was while nothing ran.
Set-based; safe to run twice, late or in parallel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from loyalty.dates import end_of_day, local_date, start_of_day
from loyalty.ledger import services as ledger
from loyalty.programme.birthdays import Birthday, Occasion, occasions_on
from loyalty.programme.bonuses import Bonus, Event
from loyalty.programme.versions import Rules, in_force_of, timeline
from loyalty.shop.queries import get_shop
from loyalty.transactions import whole
from rewards.bonuses import SOURCE, Gift, tier_keys_of

AT_ONCE = 500  # Customers a transaction.
JUST_BEFORE = timedelta(microseconds=1)

_PEOPLE = {
    Event.BIRTHDAY: """
        SELECT id, joined_at, birth_day AS day, birth_month AS month, birth_lunar AS lunar,
            0 AS born
        FROM customers_customer
        WHERE merged_into_id IS NULL AND birth_day IS NOT NULL
    """,
    Event.ANNIVERSARY: """
        SELECT id, joined_at, extract(day FROM joined_on)::int AS day,
            extract(month FROM joined_on)::int AS month, false AS lunar,
            extract(year FROM joined_on)::int AS born
        FROM customers_customer,
            LATERAL (SELECT (joined_at AT TIME ZONE %(zone)s)::date) AS their (joined_on)
        WHERE merged_into_id IS NULL
    """,
}
# Whoever joined after the last day has missed nothing. An entry of the same occasion, of the
# customer or of one who was merged into them, ends it; so does one of another year that is less
# than half a year away, which a corrected birthday would bring.
_DUE = """
SELECT person.id, due.place, greatest(due.since, person.joined_at)
FROM unnest(
    %(days)s::int[], %(months)s::int[], %(lunar)s::boolean[], %(years)s::int[],
    %(since)s::timestamptz[], %(ends)s::timestamptz[]
) WITH ORDINALITY AS due (day, month, lunar, year, since, ends_at, place)
JOIN ({people}) AS person USING (day, month, lunar)
WHERE person.joined_at <= %(at)s AND person.joined_at < due.ends_at AND person.born < due.year
    AND (%(only)s::bigint[] IS NULL OR person.id = ANY (%(only)s))
    AND NOT EXISTS (
        SELECT FROM (
            SELECT person.id
            UNION ALL
            SELECT m.id FROM customers_customer m WHERE m.merged_into_id = person.id
        ) AS same
        JOIN ledger_entry e ON e.account_id = same.id AND e.source = %(source)s
        WHERE e.reference LIKE %(event)s || ':%%' AND (
            split_part(e.reference, ':', 2) = due.year::text
            OR e.occurred_at > due.since - interval '180 days'
        )
    )
ORDER BY person.id, due.place
"""


@dataclass(frozen=True)
class Open:
    """One birthday's window that is open now, or was while nothing ran."""

    birthday: Birthday
    occasion: Occasion
    bonus: Bonus
    rules: Rules
    since: datetime  # What is given for it is dated then, or when its customer joined.


@dataclass(frozen=True)
class Sweep:
    """All windows of one event that matter at a moment of the shop."""

    event: Event
    windows: Sequence[Open]
    at: datetime
    zone: ZoneInfo

    def due(self, only: Sequence[int] | None = None) -> dict[int, tuple[Open, datetime]]:
        """Who is due something (of these customers): for what, and dated when. One query."""
        with connection.cursor() as cursor:
            cursor.execute(
                _DUE.format(people=_PEOPLE[self.event]),
                {
                    "days": [one.birthday.day for one in self.windows],
                    "months": [one.birthday.month for one in self.windows],
                    "lunar": [one.birthday.lunar for one in self.windows],
                    "years": [one.occasion.year for one in self.windows],
                    "since": [one.since for one in self.windows],
                    "ends": [end_of_day(one.occasion.last, self.zone) for one in self.windows],
                    "at": self.at,
                    "zone": self.zone.key,
                    "only": None if only is None else list(only),
                    "source": SOURCE,
                    "event": self.event.value,
                },
            )
            rows = cursor.fetchall()
        return {
            customer_id: (self.windows[place - 1], moment) for customer_id, place, moment in rows
        }

    def give(self, customer_ids: Sequence[int]) -> int:
        """Lock these customers, look again, give what is still due; return to how many."""
        ledger.lock_accounts(customer_ids)
        due = self.due(only=customer_ids)
        today = local_date(self.at, self.zone)
        tiers = tier_keys_of(list(due), today=today, zone=self.zone)
        credits_due = [
            credit
            for customer_id, (window, moment) in due.items()
            if (
                credit := self._gift(window).credit(
                    customer_id, tier_key=tiers[customer_id], occurred_at=moment, today=today
                )
            )
            is not None
        ]
        ledger.earn(credits_due=credits_due, source=SOURCE, at=self.at, by_id=None)
        return len(credits_due)

    def _gift(self, window: Open) -> Gift:
        which = str(window.occasion.year)
        return Gift(window.bonus, which, window.rules, window.occasion.day, self.zone)


def give_due(*, at: datetime) -> dict[str, int]:
    """
    Give every birthday and anniversary bonus that is due at that moment; return how many of each.
    Dated by its day, not by when this ran. Some hundred customers a transaction, so a stop in the
    middle loses nothing. Safe to run twice, late or in parallel.
    """
    zone = get_shop().zone
    given = {}
    for event in (Event.BIRTHDAY, Event.ANNIVERSARY):
        sweep = Sweep(event, _open(event, at=at, zone=zone), at, zone)
        ids = sorted(sweep.due()) if sweep.windows else []
        batches = (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
        given[event.value] = sum(whole(sweep.give)(batch) for batch in batches)
    return given


def _open(event: Event, *, at: datetime, zone: ZoneInfo) -> list[Open]:
    """
    The windows that are open today, and those that opened on the days that may be made up for,
    each by the rules of its first such day. None before there is a programme.
    """
    versions, today = timeline(), local_date(at, zone)
    if not versions:
        return []
    begun = {rules.version_id: moment for moment, rules in versions}
    late = in_force_of(versions, at).programme.bonuses.late_days
    found: dict[tuple[Birthday, int], Open] = {}
    for day in (today - timedelta(days=back) for back in range(late, -1, -1)):
        rules = in_force_of(versions, min(at, end_of_day(day, zone) - JUST_BEFORE))
        bonus = rules.programme.bonuses.of(event)
        if bonus is None:
            continue
        begins = begun[rules.version_id]
        new_rules = local_date(begins, zone) == day
        since = max(start_of_day(day, zone), begins) if new_rules else start_of_day(day, zone)
        for birthday, occasion in occasions_on(day, window=bonus.window):
            if day == today or new_rules or occasion.first == day:
                window = Open(birthday, occasion, bonus, rules, since)
                found.setdefault((birthday, occasion.year), window)
    return list(found.values())
