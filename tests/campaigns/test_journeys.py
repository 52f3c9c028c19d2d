import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from campaigns.defaults import ensure_campaigns
from campaigns.journeys import enqueue_due
from campaigns.models import Campaign, Channel, Message
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import publish
from loyalty.shop.models import Shop
from tests.factories.campaigns import BirthdayCustomerFactory
from tests.factories.clock import NOON

NINE = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # 09:00 in the shop.


@pytest.fixture(autouse=True)
def _campaigns(shop: ProgrammeVersion) -> None:
    ensure_campaigns()


def local(text: str) -> datetime:
    """A moment of the shop's clock, seven hours ahead of UTC."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


def test_a_birthday_is_enqueued_once_a_channel_for_nine_in_the_morning() -> None:
    customer = BirthdayCustomerFactory()

    assert enqueue_due(at=local("2026-11-22T00:30")) == 2

    rows = Message.objects.order_by("channel").values_list(
        "customer_id", "channel", "occasion", "message_class", "state", "send_after", "not_after"
    )
    shared = ("birthday:2026", "advert", "queued", NINE, NINE + timedelta(days=3))
    assert list(rows) == [
        (customer.pk, "email", *shared),
        (customer.pk, "sms", *shared),
    ]


def test_later_in_the_day_it_is_due_at_once() -> None:
    BirthdayCustomerFactory()

    enqueue_due(at=NOON)

    assert set(Message.objects.values_list("send_after", flat=True)) == {NOON}


def test_running_again_adds_nothing_until_the_next_year() -> None:
    BirthdayCustomerFactory()
    nights = [NOON, NOON, NOON + timedelta(days=1), NOON.replace(year=2027)]

    assert [enqueue_due(at=night) for night in nights] == [2, 0, 0, 2]
    assert set(Message.objects.values_list("occasion", flat=True)) == {
        "birthday:2026",
        "birthday:2027",
    }


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-21T23:30", 0),  # 16:30 UTC on the 21st.
        ("2026-11-22T00:30", 2),  # 17:30 UTC, still on the 21st there.
        ("2026-11-22T23:30", 2),
        ("2026-11-24T23:59", 2),  # A beat that was down for two days catches up.
        ("2026-11-25T00:00", 0),
    ],
)
def test_the_day_is_the_shops(moment: str, expected: int) -> None:
    BirthdayCustomerFactory()

    assert enqueue_due(at=local(moment)) == expected


def test_another_zone_has_another_day() -> None:
    Shop.objects.update(time_zone="America/New_York")
    BirthdayCustomerFactory()

    assert enqueue_due(at=local("2026-11-22T00:30")) == 0


def test_a_caught_up_message_keeps_the_deadline_of_its_day() -> None:
    BirthdayCustomerFactory()

    enqueue_due(at=local("2026-11-24T10:00"))

    message = Message.objects.filter(channel="sms").get()
    assert message.send_after == local("2026-11-24T10:00")
    assert message.not_after == local("2026-11-25T09:00")


@pytest.mark.parametrize(
    ("day", "born_on_29", "born_on_28"),
    [
        (date(2026, 2, 28), 2, 2),
        (date(2027, 3, 2), 2, 2),  # Caught up: the wish of 28 February.
        (date(2028, 2, 28), 0, 2),
        (date(2028, 2, 29), 2, 2),  # The 28th is caught up as well.
        (date(2100, 2, 28), 2, 2),  # No leap year.
    ],
)
def test_29_february_is_the_28th_in_other_years(
    day: date, born_on_29: int, born_on_28: int
) -> None:
    on_29 = BirthdayCustomerFactory(birth_day=29, birth_month=2, joined_at="2020-01-01T00:00Z")
    on_28 = BirthdayCustomerFactory(birth_day=28, birth_month=2, joined_at="2020-01-01T00:00Z")

    enqueue_due(at=local(f"{day}T12:00"))

    assert on_29.messages.count() == born_on_29
    assert on_28.messages.count() == born_on_28


def test_the_programme_may_let_29_february_be_1_march() -> None:
    document = ProgrammeVersion.objects.get().document + '\n[birthdays]\nleap_day = "01/03"\n'
    publish(document=document, effective_from=NOON, at=NOON, by=None)
    on_29 = BirthdayCustomerFactory(birth_day=29, birth_month=2)

    assert enqueue_due(at=local("2027-02-28T12:00")) == 0
    assert enqueue_due(at=local("2027-03-01T12:00")) == 2
    assert on_29.messages.count() == 2


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-09-24T23:30", 0),
        ("2026-09-25T00:30", 2),  # Trung thu, the 15th of the eighth lunar month.
        ("2026-08-15T12:00", 0),  # Not on 15 August.
    ],
)
def test_a_lunar_birthday_is_greeted_on_its_lunar_day(moment: str, expected: int) -> None:
    joined = local("2026-01-01T12:00")
    born = BirthdayCustomerFactory(birth_day=15, birth_month=8, birth_lunar=True, joined_at=joined)

    assert enqueue_due(at=local(moment)) == expected
    assert born.messages.count() == expected


def test_complaint_greeted_twice_a_lunar_birthday_comes_once_though_the_month_comes_twice() -> None:
    # 2025 has a sixth month and then a leap sixth month.
    born = BirthdayCustomerFactory(
        birth_day=10, birth_month=6, birth_lunar=True, joined_at=local("2025-01-01T12:00")
    )
    noons = [local("2025-06-01T12:00") + timedelta(days=number) for number in range(120)]

    assert sum(enqueue_due(at=noon) for noon in noons) == 2  # One by e-mail, one by SMS.
    assert set(born.messages.values_list("occasion", flat=True)) == {"birthday:2025"}


def test_only_reachable_members_of_running_campaigns() -> None:
    Campaign.objects.filter(channel="sms").update(is_active=False)
    reachable = BirthdayCustomerFactory()
    BirthdayCustomerFactory(email="")
    BirthdayCustomerFactory(birth_day=None, birth_month=None)
    BirthdayCustomerFactory(joined_at=NOON + timedelta(hours=1))

    enqueue_due(at=NOON)

    assert list(Message.objects.values_list("customer", "channel")) == [(reachable.pk, "email")]


def test_who_joined_after_the_birthday_gets_no_late_wish() -> None:
    BirthdayCustomerFactory(joined_at=local("2026-11-23T08:00"))

    assert enqueue_due(at=local("2026-11-23T09:00")) == 0


@pytest.mark.parametrize("customers", [1, 3])
def test_takes_three_queries(
    customers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    BirthdayCustomerFactory.create_batch(customers)
    enqueue_due(at=NOON - timedelta(days=90))  # The programme is read once and kept.

    with django_assert_num_queries(3):
        assert enqueue_due(at=NOON) == 2 * customers


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_enqueue_once() -> None:
    BirthdayCustomerFactory.create_batch(20)
    start = threading.Barrier(4)
    counts = []

    def beat() -> None:
        start.wait()
        try:
            counts.append(enqueue_due(at=NOON))
        finally:
            connection.close()

    beats = [threading.Thread(target=beat) for _ in range(4)]
    for thread in beats:
        thread.start()
    for thread in beats:
        thread.join()

    assert sum(counts) == 40
    assert Message.objects.count() == 40
    assert Message.objects.filter(channel=Channel.SMS).count() == 20
