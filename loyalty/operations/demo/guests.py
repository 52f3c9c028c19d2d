"""The demo's customers: who they are, when they joined, how often and how long they come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from customers.bulk import NewCustomer
from customers.identity import Birthday
from loyalty.operations.demo import names, trade
from loyalty.operations.demo.names import Person

# Mobile prefixes in use; the zeros after them make numbers nobody is likely to have.
_PREFIXES = (32, 35, 56, 70, 79, 81, 85, 90, 91, 93, 97, 98)
DAYS = 850  # So that the first of the report's two years finds a café in full swing.
COUNT = 2_000
BIRTHDAYS_SOON = (0, 0, 0, 1, 1, 2, 3, 5, 6)  # Days from today, for the first regulars.


@dataclass(frozen=True)
class Habit:
    share: int  # Of all customers, in percent.
    gap_days: tuple[int, int]  # Between visits, as each one's own rhythm lies.
    stay_days: int  # How long they come on average; some for ever.
    company: float


HABITS = (
    Habit(share=34, gap_days=(40, 90), stay_days=12, company=0.45),  # Once, rarely twice.
    Habit(share=35, gap_days=(22, 55), stay_days=250, company=0.55),
    Habit(share=23, gap_days=(9, 18), stay_days=430, company=0.4),
    Habit(share=7, gap_days=(3, 6), stay_days=650, company=0.3),
    Habit(share=1, gap_days=(1, 2), stay_days=650, company=0.3),  # The neighbours.
)


@dataclass(frozen=True)
class Guest:
    customer: NewCustomer
    joined_on: date
    habit: Habit
    rhythm: float  # Days between visits.
    leaves_on: date
    hours: Sequence[int]
    agrees_email: bool
    agrees_sms: bool


def invent(
    rng: Random, *, today: date, zone: ZoneInfo, branch_ids: Sequence[int]
) -> Iterator[Guest]:
    """The demo's customers in the order of joining; more of them the later it gets."""
    days = sorted(int(DAYS * rng.random() ** 0.7) for _number in range(COUNT))
    for number, day in enumerate(days, 1):
        joined_on = _open_day(today - timedelta(days=DAYS) + timedelta(days=day))
        yield _guest(rng, number, joined_on, today=today, zone=zone, branch_ids=branch_ids)


def _open_day(day: date) -> date:
    while not trade.is_open(day):
        day += timedelta(days=1)
    return day


def _guest(
    rng: Random,
    number: int,
    joined_on: date,
    *,
    today: date,
    zone: ZoneInfo,
    branch_ids: Sequence[int],
) -> Guest:
    habit = rng.choices(HABITS, [habit.share for habit in HABITS])[0]
    hours = rng.choice(trade.HABITS)
    person = names.someone(rng)
    email = f"{person.handle}.{number}@example.com" if rng.random() < 0.5 else ""
    joined_at = trade.moment(rng, joined_on, hours, zone)
    return Guest(
        customer=_customer(rng, number, person, email, joined_at, rng.choice(branch_ids), today),
        joined_on=joined_on,
        habit=habit,
        rhythm=rng.uniform(*habit.gap_days),
        leaves_on=joined_on + timedelta(days=int(rng.expovariate(1 / habit.stay_days))),
        hours=hours,
        agrees_email=bool(email) and rng.random() < 0.6,
        agrees_sms=rng.random() < 0.4,
    )


def _customer(
    rng: Random,
    number: int,
    person: Person,
    email: str,
    joined_at: datetime,
    branch_id: int,
    today: date,
) -> NewCustomer:
    prefix = _PREFIXES[number % len(_PREFIXES)]
    return NewCustomer(
        external_id=f"HA-{number:05d}",
        phone=f"+84{prefix}000{53 * (number // len(_PREFIXES)) + 17:04d}",
        name=person.name,
        joined_at=joined_at,
        joined_branch_id=branch_id,
        salutation=person.salutation,
        email=email,
        birthday=_birthday(rng, number, today),
        language=person.language,
    )


def _birthday(rng: Random, number: int, today: date) -> Birthday | None:
    """Two of three gave theirs, half of those without the year; a few have it these days."""
    soon = number // 20
    if number % 20 == 0 and soon <= len(BIRTHDAYS_SOON):
        day = today + timedelta(days=BIRTHDAYS_SOON[soon - 1])
    elif rng.random() < 0.65:
        day = date(2001, 1, 1) + timedelta(days=rng.randrange(365))
    else:
        return None
    return Birthday(day.day, day.month, rng.randrange(1965, 2009) if _has_year(rng, day) else None)


def _has_year(rng: Random, day: date) -> bool:
    return rng.random() < 0.5 and (day.day, day.month) != (29, 2)


def visits(rng: Random, guest: Guest, *, today: date) -> Iterator[date]:
    """The days this customer comes, from the day of joining on."""
    day = guest.joined_on
    last = min(guest.leaves_on, today)
    while day <= last:
        yield day
        if trade.is_rush(day) and rng.random() < 0.25:
            extra = day + timedelta(days=rng.randrange(1, 4))
            if trade.is_open(extra) and extra <= last:
                yield extra
        day = _next(rng, day, guest.rhythm)


def _next(rng: Random, day: date, rhythm: float) -> date:
    """The next visit: about one rhythm later, rather on a busy day than on a quiet one."""
    gap = max(1, round(rng.gammavariate(4, rhythm / 4)))
    wanted = day + timedelta(days=gap)
    near = [wanted + timedelta(days=shift) for shift in (-1, 0, 1) if gap + shift > 0]
    open_days = [candidate for candidate in near if trade.is_open(candidate)]
    if not open_days:
        return _open_day(wanted)
    return rng.choices(open_days, [trade.pull(candidate) for candidate in open_days])[0]
