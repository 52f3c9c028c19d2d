"""
The last second of a day and the first of the next, on the shop's clock, whatever zone the process
and the database's session are in, whichever clock is ahead, on days of 23, 24 and 25 hours.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections

from loyalty.ledger import services as ledger
from loyalty.ledger.models import Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from loyalty.tiers import proof as tiers_proof
from loyalty.tiers.models import Standing
from loyalty.tiers.services import review_tiers
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import buy, spend
from tests.properties.shops import CAFE
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
ZONES = ("UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin")
SHOPS = ("Asia/Ho_Chi_Minh", "Europe/Berlin")
COMBINATIONS = [
    (shop, process, session) for shop in SHOPS for process in ZONES for session in ZONES
]
CASES = -(-rounds(usual=20, soak=2_000) // len(COMBINATIONS))
ODD_DAYS = (
    *(date(2024, 2, 28), date(2024, 2, 29), date(2027, 2, 28), date(2028, 2, 29)),
    *(date(2025, 12, 31), date(2026, 1, 1)),
    *(date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)),  # Berlin's.
)
ONE_DAY = CAFE.replace("expire_after_months = 12", "expire_after_days = 1")
REVIEWED = '[tier_rules]\nwindow = "rolling"\nmonths = 1\ndowngrade = "review"\n'
LATER = datetime(2030, 1, 1, tzinfo=ZoneInfo("UTC"))
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
JUMPS = [timedelta(minutes=5), timedelta(hours=1), DAY]


@contextmanager
def zones(process: str, session: str) -> Iterator[None]:
    """The process in one zone, its sessions with the database in another."""
    before = os.environ["TZ"], connection.settings_dict["TIME_ZONE"]
    _set_zones(process, session)
    yield
    _set_zones(*before)


def _set_zones(process: str, session: str | None) -> None:
    os.environ["TZ"] = process
    time.tzset()
    connection.settings_dict["TIME_ZONE"] = session
    for known in ("timezone", "timezone_name"):
        vars(connections["default"]).pop(known, None)
    connection.close()


@pytest.fixture(params=COMBINATIONS, ids="/".join)
def clocks(request, transactional_db):
    """The zone of a shop, with the process and the database's session in others."""
    shop, process, session = request.param
    with zones(process, session):
        shop_with_programme(ONE_DAY + REVIEWED, time_zone=shop)
        with connection.cursor() as cursor:
            cursor.execute("SHOW timezone")
            assert cursor.fetchone() == (session,)
        yield ZoneInfo(shop)


def usable(customer, at):
    """What the till says can be spent: it is asked for too much."""
    with pytest.raises(InsufficientPoints) as refused:
        spend(customer, 10**6, "too much", at=at)
    return refused.value.available


def test_a_day_ends_at_midnight_in_the_shop(clocks):
    chance = Random(str(clocks))
    for case in range(CASES):
        day = chance.choice([*ODD_DAYS, date(2026, 1, 1) + timedelta(chance.randrange(365))])
        begin = [datetime(*(day + n * DAY).timetuple()[:3], tzinfo=clocks) for n in range(4)]
        last = [moment.astimezone(ZoneInfo("UTC")) - SECOND for moment in begin]
        customer = CustomerFactory()
        said = f"case {case}: {day}"

        first = buy(customer, f"{customer.pk}/1", amount_minor=1_000_000, at=last[1]).purchase
        second = buy(customer, f"{customer.pk}/2", amount_minor=50_000, at=begin[1]).purchase
        assert (first.occurred_on, second.occurred_on) == (day, day + DAY), said
        lots = Lot.objects.filter(account_id=customer.pk).order_by("pk")
        assert list(lots.values_list("points", "expires_on")) == [
            (100, day + DAY),
            (6, day + 2 * DAY),  # In silver, which the first bill reached.
        ], said

        assert (usable(customer, last[2]), usable(customer, begin[2])) == (106, 6), said
        assert (usable(customer, last[3]), usable(customer, begin[3])) == (6, 0), said
        assert [ledger.expire_due(at=at) for at in (last[2], begin[2])] == [0, 1], said
        ended = Entry.objects.get(account_id=customer.pk, kind="expire")
        assert (ended.points, ended.occurred_at) == (-100, begin[2]), said

        behind = chance.choice(JUMPS)  # A till whose clock is behind spends nothing twice.
        assert usable(customer, begin[2] - behind) == 6, said
        assert ledger.expire_due(at=begin[2] - behind) == 0, said
        ledger.expire_due(at=begin[3] + chance.choice(JUMPS))
        check_review(customer, day, clocks, said)
    assert verify().problems == ()
    assert tiers_proof.verify(at=LATER).differences == ()


def check_review(customer, day, zone, said):
    """Silver was reached on `day`: it is held a month, once more, and lost when the next begins."""
    month = next_month(day)
    assert Standing.objects.get(customer=customer).held_through == month - DAY, said
    over = datetime(*next_month(month).timetuple()[:3], tzinfo=zone)
    tier = partial(Standing.objects.values_list("tier_key", flat=True).get, customer=customer)
    review_tiers(at=over.astimezone(ZoneInfo("UTC")) - SECOND)
    assert tier() == "bac", said
    review_tiers(at=over)
    assert tier() == "moi", said


def next_month(day):
    """The same day a month later, or that month's last."""
    first = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - DAY
    return min(first + timedelta(days=day.day - 1), last)


def test_the_databases_clock_decides_nothing():
    """So it does not matter when it differs from the application's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            r" AND prosrc ~* '\m(now\(|clock_timestamp|statement_timestamp|current_(date|time)|localtime)'"
        )
        functions = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT table_name || '.' || column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND (table_name LIKE 'ledger%'"
            " OR table_name LIKE 'purchases%' OR table_name LIKE 'tiers%'"
            " OR table_name LIKE 'rewards%')"
            r" AND column_default ~* '(now\(|timestamp|current_)'"
        )
        columns = [row[0] for row in cursor.fetchall()]
    assert (functions, columns) == ([], [])
