"""Birthdays and anniversaries: the right day, in the shop and by either calendar."""

import os
import subprocess
import sys
from datetime import date, datetime, timedelta

import pytest
import time_machine

from customers.models import Customer
from loyalty.ledger.models import Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from rewards.occasions import give_due
from rewards.tasks import give_bonuses
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.rewards.bonus_days import ANNIVERSARY, BIRTHDAY, born, given_to, local, run, shop


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
@pytest.mark.parametrize(
    ("moment", "given"),
    [
        ("2026-11-18T23:30:00", 0),
        ("2026-11-18T23:59:59", 0),
        ("2026-11-19T00:00:00", 1),
        ("2026-11-19T00:30:00", 1),
    ],
)
def test_complaint_n_days_before_is_not_one_less(moment, given):
    shop(f"{BIRTHDAY}window = {{ before = 3 }}\n")
    born(22, 11)

    assert run(moment) == given


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
