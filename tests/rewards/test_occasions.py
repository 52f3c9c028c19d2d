"""Birthdays and anniversaries: the right day, once, however often and however late it is asked."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from random import Random

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from customers.models import Customer
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.programme.birthdays import Birthday, Span, Window, occasion
from loyalty.programme.versions import publish
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from rewards.occasions import Sweep, give_due
from rewards.tasks import give_bonuses
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, shop_with_programme
from tests.faults.together import together
from tests.support.rounds import rounds

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
BIRTHDAY = "[bonuses.birthday]\npoints = 50\n"
ANNIVERSARY = "[bonuses.anniversary]\npoints = 30\n"
LONG_AGO = datetime(2020, 5, 5, 5, 0, tzinfo=UTC)


def local(text):
    """A moment of the shop's clock, seven hours ahead of UTC."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


def shop(bonuses=BIRTHDAY, **columns):
    return shop_with_programme(f"{CAFE}\n{bonuses}", **columns)


def born(day, month, *, lunar=False, joined_at=LONG_AGO, **columns):
    return CustomerFactory(
        birth_day=day, birth_month=month, birth_lunar=lunar, joined_at=joined_at, **columns
    )


def run(text):
    return give_due(at=local(text))["birthday"]


def given_to(customer):
    rows = Entry.objects.filter(account=customer.pk).order_by("number")
    return list(rows.values_list("reference", "points", "occurred_at"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "given"),
    [
        ("2026-11-21T23:30:00", 0),  # 16:30 UTC on the 21st.
        ("2026-11-21T23:59:59", 0),
        ("2026-11-22T00:00:00", 1),
        ("2026-11-22T00:30:00", 1),  # 17:30 UTC, still on the 21st there.
        ("2026-11-22T23:59:59", 1),
    ],
)
def test_complaint_the_wrong_day_a_birthday_begins_at_midnight_of_the_shop(moment, given):
    shop()
    born(22, 11)

    assert run(moment) == given


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "given"),
    [("2026-11-21T23:30:00+07:00", 0), ("2026-11-22T00:30:00+07:00", 1)],
)
def test_the_beat_goes_by_the_shops_clock_half_an_hour_around_midnight(moment, given):
    shop()
    born(22, 11)

    with time_machine.travel(datetime.fromisoformat(moment), tick=False):
        assert give_bonuses()["birthday"] == given


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("UTC", "2026-03-29T00:00:00+00:00"),
        ("Asia/Ho_Chi_Minh", "2026-03-29T00:00:00+07:00"),
        ("Europe/Berlin", "2026-03-29T00:00:00+01:00"),  # Clocks go forward that night.
        ("America/New_York", "2026-03-29T00:00:00-04:00"),
    ],
)
def test_each_shop_has_its_own_midnight(zone, begins):
    shop(time_zone=zone)
    customer = born(29, 3)
    first = datetime.fromisoformat(begins)

    assert give_due(at=first - timedelta(microseconds=1))["birthday"] == 0
    assert give_due(at=first)["birthday"] == 1
    assert given_to(customer) == [(f"birthday:2026:{customer.pk}", 50, first)]


@pytest.mark.parametrize("machine", ["UTC", "Asia/Ho_Chi_Minh", "Europe/Berlin"])
def test_the_machines_own_zone_moves_no_birthday(machine):
    """Another process, because the zone of this one is fixed."""
    code = (
        "from datetime import *; from zoneinfo import ZoneInfo\n"
        "from loyalty.dates import *; from loyalty.programme.birthdays import *\n"
        "zone = ZoneInfo('Asia/Ho_Chi_Minh')\n"
        "first = datetime(2027, 2, 27, 17, tzinfo=UTC)\n"
        "for at in (first - timedelta(seconds=1), first, first + timedelta(hours=23.9997)):\n"
        "    kept = occasion(Birthday(29, 2), on=local_date(at, zone), window=ON_THE_DAY)\n"
        "    print(kept.day if kept else None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TZ": machine},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["None", "2027-02-28", "2027-02-28"]


@pytest.mark.django_db
def test_what_is_given_is_dated_by_its_day_and_ends_by_its_own_days():
    shop(f"{BIRTHDAY}expire_after_days = 30\n")
    customer = born(22, 11)

    run("2026-11-22T09:20")

    assert given_to(customer) == [(f"birthday:2026:{customer.pk}", 50, local("2026-11-22T00:00"))]
    entry = Entry.objects.get()
    assert entry.recorded_at == local("2026-11-22T09:20")
    assert entry.explanation["day"] == "2026-11-22"
    assert Lot.objects.get().expires_on == date(2026, 12, 22)
    assert verify().problems == ()


@pytest.mark.django_db
def test_complaint_sent_twice_running_again_gives_nothing_until_the_next_year():
    shop()
    customer = born(22, 11)
    hours = [local("2026-11-22T00:20") + timedelta(hours=number) for number in range(0, 120, 2)]

    assert sum(give_due(at=hour)["birthday"] for hour in hours) == 1
    assert run("2027-11-22T00:20") == 1
    assert [row[0].split(":")[1] for row in given_to(customer)] == ["2026", "2027"]


@pytest.mark.django_db
@pytest.mark.parametrize("late_days", [0, 1, 2, 3])
def test_a_beat_missed_for_three_days_gives_what_it_would_have_given_in_time(late_days):
    shop(f"{BIRTHDAY}expire_after_days = 30\n")
    customer = born(22, 11)

    assert run(f"2026-11-{22 + late_days}T23:59:59") == 1

    assert given_to(customer) == [(f"birthday:2026:{customer.pk}", 50, local("2026-11-22T00:00"))]
    assert Lot.objects.get().expires_on == date(2026, 12, 22)


@pytest.mark.django_db
def test_after_the_late_days_it_is_over():
    shop()
    born(22, 11)

    assert run("2026-11-26T00:00") == 0


@pytest.mark.django_db
def test_points_that_come_late_are_never_over_when_they_come():
    shop(f"{BIRTHDAY}expire_after_days = 1\n")
    born(22, 11)

    run("2026-11-25T10:00")

    assert Lot.objects.get().expires_on == date(2026, 11, 26)


@pytest.mark.django_db
def test_a_window_gives_on_its_first_day_and_to_newcomers_until_its_last():
    shop(f'{BIRTHDAY}window = "month"\n')
    early = born(22, 11)
    late = born(5, 11, joined_at=local("2026-11-20T15:00"))
    too_late = born(5, 11, joined_at=local("2026-12-01T00:00"))

    assert run("2026-10-31T23:59:59") == 0
    assert run("2026-11-01T00:20") == 1
    assert run("2026-11-20T15:20") == 1
    assert run("2026-12-01T00:20") == 0

    assert [row[2] for row in given_to(early)] == [local("2026-11-01T00:00")]
    assert [row[2] for row in given_to(late)] == [local("2026-11-20T15:00")]
    assert given_to(too_late) == []


@pytest.mark.django_db
def test_a_window_over_new_year_gives_once_for_the_birthdays_year():
    shop(f"{BIRTHDAY}window = {{ before = 3, after = 3 }}\n")
    customer = born(2, 1)
    days = [local("2026-12-25T12:00") + timedelta(days=number) for number in range(20)]

    assert [give_due(at=day)["birthday"] for day in days].index(1) == 5  # 30 December.
    assert [row[0] for row in given_to(customer)] == [f"birthday:2027:{customer.pk}"]


@pytest.mark.django_db
@pytest.mark.parametrize(("leap_day", "day"), [("28/02", "2027-02-28"), ("01/03", "2027-03-01")])
def test_complaint_never_greeted_29_february_has_its_day_every_year(leap_day, day):
    shop(f'{BIRTHDAY}[birthdays]\nleap_day = "{leap_day}"\n')
    customer = born(29, 2)
    noons = [
        local(f"{year}-02-20T12:00") + timedelta(days=number)
        for year in (2027, 2028)
        for number in range(15)
    ]

    assert sum(give_due(at=noon)["birthday"] for noon in noons) == 2
    assert [row[2] for row in given_to(customer)] == [
        local(f"{day}T00:00"),
        local("2028-02-29T00:00"),
    ]


@pytest.mark.django_db
def test_a_lunar_birthday_is_given_on_its_lunar_day():
    shop()
    customer = born(15, 8, lunar=True)

    assert run("2026-08-15T12:00") == 0
    assert run("2026-09-24T23:59:59") == 0
    assert run("2026-09-25T00:00") == 1
    assert [row[0] for row in given_to(customer)] == [f"birthday:2026:{customer.pk}"]


@pytest.mark.django_db
def test_a_corrected_birthday_brings_no_second_gift():
    shop()
    customer = born(28, 12)
    assert run("2026-12-28T12:00") == 1

    Customer.objects.filter(pk=customer.pk).update(birth_day=2, birth_month=1)
    assert run("2027-01-02T12:00") == 0

    Customer.objects.filter(pk=customer.pk).update(birth_day=25, birth_month=11, birth_lunar=True)
    assert run("2027-01-03T12:00") == 0  # The 25th of the eleventh lunar month.


@pytest.mark.django_db
def test_a_merged_customer_gets_no_occasion_twice():
    shop()
    merged, kept = born(22, 11), born(22, 11)
    other = born(23, 11)
    run("2026-11-22T00:20")

    Customer.objects.filter(pk=merged.pk).update(merged_into=other)

    # The other one keeps what the merged one got; neither is given it again.
    assert run("2026-11-23T00:20") == 0
    assert given_to(other) == []
    assert len(given_to(kept)) == 1


@pytest.mark.django_db
def test_who_was_merged_before_the_day_gets_it_once_as_the_one_who_is_kept():
    shop()
    merged, kept = born(22, 11), born(22, 11)
    Customer.objects.filter(pk=merged.pk).update(merged_into=kept)

    assert run("2026-11-22T00:20") == 1
    assert (len(given_to(kept)), given_to(merged)) == (1, [])


@pytest.mark.django_db
def test_points_by_tier_and_nothing_for_a_tier_that_gets_none():
    shop("[bonuses.birthday]\npoints = 0\ntiers = { bac = 80 }\n")
    new, silver = born(22, 11), born(22, 11)
    record_purchase(
        source="till",
        reference="R-1",
        customer=silver,
        branch=None,
        bill=Bill.of_total(1_000_000),
        at=NOON - timedelta(days=9),
        recorded_at=NOON - timedelta(days=9),
        by=None,
    )

    assert run("2026-11-22T00:20") == 1
    assert run("2026-11-22T01:20") == 0
    assert given_to(new) == []
    assert given_to(silver)[1][:2] == (f"birthday:2026:{silver.pk}", 80)


@pytest.mark.django_db
def test_a_new_bonus_holds_from_the_moment_its_version_does():
    shop("")
    yesterday, today = born(21, 11), born(22, 11)
    noon = local("2026-11-22T12:00")
    publish(document=f"{CAFE}\n{BIRTHDAY}", effective_from=noon, at=NOON, by=None)

    assert run("2026-11-22T11:20") == 0
    assert run("2026-11-23T00:20") == 1
    assert (given_to(yesterday), [row[2] for row in given_to(today)]) == ([], [noon])


@pytest.mark.django_db
def test_a_bonus_that_ended_is_still_given_for_the_days_it_held():
    shop()
    born(22, 11)
    end = local("2026-11-23T00:00")
    publish(document=CAFE, effective_from=end, at=NOON, by=None)

    assert run("2026-11-23T08:00") == 1


@pytest.mark.django_db
def test_each_year_of_membership_from_the_first_on():
    shop(ANNIVERSARY)
    customer = CustomerFactory(joined_at=local("2024-02-29T23:30"))  # The 29th in the shop only.

    def given(text):
        return give_due(at=local(text))["anniversary"]

    assert given("2024-02-29T23:50") == 0
    assert given("2025-02-27T23:59:59") == 0
    assert given("2025-02-28T00:20") == 1
    assert given("2025-03-01T00:20") == 0
    assert given("2028-02-29T00:20") == 1
    assert [row[0] for row in given_to(customer)] == [
        f"anniversary:2025:{customer.pk}",
        f"anniversary:2028:{customer.pk}",
    ]


@pytest.mark.django_db
def test_without_bonuses_nobody_is_looked_for():
    shop("")
    born(22, 11)

    assert give_due(at=NOON) == {"birthday": 0, "anniversary": 0}
    assert Account.objects.count() == 0


@pytest.mark.django_db
def test_a_birthday_is_given_once_a_year_whatever_it_is_and_whenever_the_beat_runs():
    random = Random(2026)
    shop(f"{BIRTHDAY}window = {{ before = 3, after = 3 }}\n")
    around = Window(Span.AROUND, before=3, after=3)
    people = [
        born(random.randint(1, 28), random.randint(1, 12), lunar=random.random() < 0.4)
        for _number in range(rounds(usual=20, soak=2_000))
    ]
    moment, end = local("2026-01-01T00:00"), local("2028-12-31T23:59")

    while moment < end:  # Never away for longer than the three days that are made up for.
        give_due(at=moment)
        moment += timedelta(hours=random.choice([1, 23, 24, 25, 47, 71]))

    for customer in people:
        years = [int(row[0].split(":")[1]) for row in given_to(customer)]
        birthday = Birthday(customer.birth_day, customer.birth_month, customer.birth_lunar)
        assert years == list(range(years[0], years[0] + len(years)))
        assert len(years) in (2, 3, 4)
        for place, (reference, _points, occurred_at) in enumerate(given_to(customer)):
            on = occurred_at.astimezone(SAIGON).date()
            kept = occasion(birthday, on=on, window=around)
            assert kept is not None
            assert reference == f"birthday:{kept.year}:{customer.pk}"
            assert place == 0 or on == kept.first  # The first may have been open when it began.


@pytest.mark.django_db
@pytest.mark.parametrize("people", [1, 12])
def test_takes_a_fixed_number_of_queries(people, django_assert_num_queries):
    shop()
    run("2026-06-01T12:00")  # The programme is read once and kept.
    for _number in range(people):
        born(22, 11)

    with django_assert_num_queries(14):
        assert run("2026-11-22T00:20") == people


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_give_each_birthday_once():
    shop()
    for _number in range(30):
        born(22, 11)

    given = together(*[lambda: run("2026-11-22T00:20")] * 3)

    assert sum(given) == 30
    assert Entry.objects.count() == 30
    assert set(Account.objects.values_list("balance", flat=True)) == {50}


@pytest.mark.django_db(transaction=True)
def test_a_job_that_stopped_in_the_middle_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr("rewards.occasions.AT_ONCE", 4)
    shop()
    for _number in range(10):
        born(22, 11)
    give, calls = "rewards.occasions.Sweep.give", []
    original = Sweep.give

    def stops(self, ids):
        calls.append(ids)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(self, ids)

    monkeypatch.setattr(give, stops)
    with pytest.raises(KeyboardInterrupt):
        run("2026-11-22T00:20")
    connection.close()

    assert Entry.objects.count() == 4
    assert run("2026-11-22T01:20") == 6
    assert Entry.objects.count() == 10


@pytest.mark.django_db
def test_the_command_reports_in_json_and_acts_ahead_of_no_day():
    shop()
    born(22, 11)
    out = StringIO()

    call_command("give_bonuses", "--at", "2025-11-22T00:30+07:00", "--json", stdout=out)

    assert json.loads(out.getvalue()) == {"given": {"birthday": 1, "anniversary": 0}}
    with pytest.raises(CommandError, match="no bonus is given before its day"):
        call_command("give_bonuses", "--at", "2190-11-22T00:30+07:00")
