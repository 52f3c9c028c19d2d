"""
Birthdays and anniversaries of joining: who is due points today, or was while nothing ran.
Set-based; safe to run twice, late or in parallel.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
# Whoever joined after the last day has missed nothing.
_PEOPLE_IN_WINDOWS = """
SELECT person.id, due.place, greatest(due.since, person.joined_at)
FROM unnest(
    %(days)s::int[], %(months)s::int[], %(lunar)s::boolean[], %(years)s::int[],
    %(since)s::timestamptz[], %(ends)s::timestamptz[]
) WITH ORDINALITY AS due (day, month, lunar, year, since, ends_at, place)
JOIN ({people}) AS person USING (day, month, lunar)
WHERE person.joined_at <= %(at)s AND person.joined_at < due.ends_at AND person.born < due.year
ORDER BY person.id, due.place DESC
"""
# Also what those who were merged into them were given.
_GIVEN = """
SELECT coalesce(c.merged_into_id, c.id), split_part(e.reference, ':', 2)::int, e.occurred_at
FROM customers_customer c JOIN ledger_entry e ON e.account_id = c.id
WHERE (c.id = ANY (%(ids)s) OR c.merged_into_id = ANY (%(ids)s))
    AND e.source = %(source)s AND e.reference LIKE %(event)s || ':%%'
"""
# Between two birthdays lie eight months and more, whatever the windows. What is nearer is the same
# one, corrected.
SAME_BIRTHDAY = timedelta(days=180)


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

    def due(self) -> dict[int, Gift]:
        """Who is due what, by their ids. Two queries."""
        with connection.cursor() as cursor:
            cursor.execute(
                _PEOPLE_IN_WINDOWS.format(people=_PEOPLE[self.event]),
                {
                    "days": [one.birthday.day for one in self.windows],
                    "months": [one.birthday.month for one in self.windows],
                    "lunar": [one.birthday.lunar for one in self.windows],
                    "years": [one.occasion.year for one in self.windows],
                    "since": [one.since for one in self.windows],
                    "ends": [end_of_day(one.occasion.last, self.zone) for one in self.windows],
                    "at": self.at,
                    "zone": self.zone.key,
                },
            )
            found = {
                customer_id: self._gift(self.windows[place - 1], moment)
                for customer_id, place, moment in cursor.fetchall()
            }
        return self._without_given(found)

    def give(self, due: Mapping[int, Gift]) -> int:
        """Lock these customers, look again, give what is still due; return to how many."""
        accounts = ledger.lock_accounts(due)
        kept = {pk: gift for pk, gift in due.items() if accounts[pk].customer_id == pk}
        today = local_date(self.at, self.zone)
        tiers = tier_keys_of(list(kept), today=today, zone=self.zone)
        credits_due = [
            gift.credit(pk, tier_key=tiers[pk], today=today)
            for pk, gift in self._without_given(kept).items()
            if gift.bonus.points_for(tiers[pk])
        ]
        ledger.earn(credits_due=credits_due, source=SOURCE, at=self.at, by_id=None)
        return len(credits_due)

    def _without_given(self, gifts: Mapping[int, Gift]) -> dict[int, Gift]:
        """Those of them that nobody got yet. One query."""
        given: defaultdict[int, list[tuple[int, datetime]]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(
                _GIVEN, {"ids": list(gifts), "source": SOURCE, "event": self.event.value}
            )
            for customer_id, year, moment in cursor.fetchall():
                given[customer_id].append((year, moment))
        return {
            pk: gift
            for pk, gift in gifts.items()
            if not any(
                str(year) == gift.which or abs(gift.moment - moment) < SAME_BIRTHDAY
                for year, moment in given[pk]
            )
        }

    def _gift(self, window: Open, moment: datetime) -> Gift:
        return Gift(
            window.bonus,
            str(window.occasion.year),
            rules=window.rules,
            day=window.occasion.day,
            moment=moment,
            zone=self.zone,
        )


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
        due = list(sweep.due().items()) if sweep.windows else []
        batches = (dict(due[start : start + AT_ONCE]) for start in range(0, len(due), AT_ONCE))
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
