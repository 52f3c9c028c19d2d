"""The job that gives birthdays: late, twice, in parallel, stopped; each is given once."""

import json
import re
from datetime import date, timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from campaigns import journeys
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.programme.birthdays import Birthday, Span, Window, occasion
from loyalty.programme.versions import publish
from rewards import occasions
from rewards.occasions import Sweep, give_due
from tests.factories.clock import NOON, SAIGON
from tests.faults.together import together
from tests.rewards.bonus_days import (
    BIRTHDAY,
    CAFE,
    born,
    given_to,
    local,
    run,
    shop,
)
from tests.support.rounds import rounds


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
def test_a_clock_that_jumps_to_and_fro_gives_once():
    shop()
    customer = born(22, 11)
    jumps = ["22T00:30", "21T23:30", "22T01:30", "23T00:30", "22T00:30", "21T00:30", "24T00:30"]

    assert [run(f"2026-11-{jump}") for jump in jumps] == [1, 0, 0, 0, 0, 0, 0]
    assert len(given_to(customer)) == 1


@pytest.mark.parametrize(
    "statement",
    [occasions._PEOPLE_IN_WINDOWS, occasions._GIVEN, journeys._ENQUEUE_BIRTHDAYS]
    + list(occasions._PEOPLE.values()),
)
def test_no_day_depends_on_the_clock_of_the_database(statement):
    assert not re.search(r"\b(now|current_\w+|localtime\w*|clock_\w+)\b", statement.lower())


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
