"""
Numbers are given out in one order and committed in another. Nothing is lost for that, nothing is told
twice, and each customer's events stay in order, whoever sweeps when.
"""

import random
from contextlib import ExitStack

import psycopg
import pytest
from django.db import transaction

from customers.models import Customer
from loyalty.errors import DomainError
from loyalty.integrations.models import Endpoint, Event, Watermark
from loyalty.integrations.webhooks import endpoints, marks
from loyalty.ledger.models import Entry
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.programmes import line
from tests.factories.sales import sell
from tests.factories.webhooks import sweep, told, webhook
from tests.faults.together import together
from tests.support import database
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)

EARN = """
SELECT ledger_earn(%s, %s, 'test', %s, (SELECT max(id) FROM programme_programmeversion), '{}',
    NULL, NULL, now(), now(), NULL)
"""


@pytest.fixture
def elsewhere():
    """A transaction of somebody else, that can be held open."""
    with psycopg.connect(database.owner_url(database.name())) as other:
        yield other


def earn_elsewhere(other, customer, points, reference):
    other.execute("SELECT ledger_hold(%s)", [customer.pk])
    other.execute(EARN, [customer.pk, points, reference])


def mark(source="entry"):
    return Watermark.objects.get(source=source)


def test_what_commits_after_a_sweep_that_saw_higher_numbers_is_still_told(elsewhere):
    slow, quick = CustomerFactory(), CustomerFactory()
    webhook()
    earn_elsewhere(elsewhere, slow, 7, "slow")
    for number in range(3):
        give_points(quick, 1, reference=f"quick-{number}")
        assert sweep() == 1

    elsewhere.commit()
    assert sweep() == 1
    assert [sweep(), sweep()] == [0, 0]

    assert told(slow) == [(1, "points.changed", 7)]
    first = Entry.objects.get(account=slow.pk)
    assert first.pk < Entry.objects.filter(account=quick.pk).order_by("pk").first().pk
    assert mark().settled == mark().reached == Entry.objects.latest("pk").pk


def test_what_is_rolled_back_is_never_told_and_holds_nothing_up(elsewhere):
    slow, quick = CustomerFactory(), CustomerFactory()
    webhook()
    earn_elsewhere(elsewhere, slow, 7, "slow")
    give_points(quick, 1)
    sweep()
    settled = mark().settled
    sweep()
    assert mark().settled == settled

    elsewhere.rollback()
    sweep()

    assert told(slow) == []
    assert mark().settled == Entry.objects.latest("pk").pk


def test_a_row_changed_late_is_told_too(elsewhere):
    slow, quick = CustomerFactory(), CustomerFactory()
    webhook()
    elsewhere.execute("UPDATE customers_customer SET name = 'Mới' WHERE id = %s", [slow.pk])
    Customer.objects.filter(pk=quick.pk).update(name="Mới")
    assert sweep() == 1

    elsewhere.commit()

    assert [sweep(), sweep()] == [1, 0]
    assert told(slow) == [(1, "customer.updated", 0)]


def test_however_writers_begin_commit_and_give_up_between_sweeps_all_of_it_is_told_once():
    writers, customers = 4, CustomerFactory.create_batch(4)
    webhook()
    with ExitStack() as open_ones:
        lines = [
            open_ones.enter_context(psycopg.connect(database.owner_url(database.name())))
            for _writer in range(writers)
        ]
        for seed in range(rounds(usual=20, soak=400)):
            chance = random.Random(seed)
            for step in range(12):
                number = chance.randrange(writers)
                match chance.randrange(5):
                    case 0 | 1:
                        earn_elsewhere(lines[number], customers[number], 3, f"{seed}-{step}")
                    case 2:
                        lines[number].commit()
                    case 3:
                        lines[number].rollback()
                    case _:
                        sweep()
            assert (
                list(
                    Event.objects.filter(source="entry").exclude(
                        fact__in=Entry.objects.values("pk")
                    )
                )
                == []
            ), seed
        for one in lines:
            one.commit()
    sweep()

    assert Event.objects.filter(source="entry").count() == Entry.objects.count() > 0
    for customer in customers:
        entries = Entry.objects.filter(account=customer.pk).order_by("number")
        assert [after for *_, after in told(customer)] == [one.balance_after for one in entries]
    sweep()
    assert mark().settled == Entry.objects.latest("pk").pk


def test_the_first_endpoint_waits_for_who_is_writing_and_gives_up_during_an_import(
    elsewhere, monkeypatch
):
    monkeypatch.setattr(marks, "PATIENCE", 0.1)
    customer = CustomerFactory()
    earn_elsewhere(elsewhere, customer, 7, "slow")

    with pytest.raises(DomainError, match="being written"):
        webhook()

    assert not Endpoint.objects.exists()
    elsewhere.commit()
    webhook()
    assert sweep() == 0


def test_sequences_have_no_gap_and_balances_follow_under_eight_tills_and_two_sweeps():
    customers = CustomerFactory.create_batch(3)
    webhook()
    turns = rounds(usual=3, soak=40)

    def till(number):
        for turn in range(turns):
            for customer in customers[number % 2 :]:
                sell(customer, line(20_000), reference=f"{number}-{turn}-{customer.pk}")

    def sweeper():
        return sum(sweep() for _turn in range(turns * 3))

    outcomes = together(
        *(lambda number=number: till(number) for number in range(8)), sweeper, sweeper
    )
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    sweep()

    for customer in customers:
        events = told(customer)
        assert [place for place, *_ in events] == [*range(1, len(events) + 1)]
        ledger = Entry.objects.filter(account=customer.pk).order_by("number")
        balances = [after for _place, kind, after in events if kind == "points.changed"]
        assert balances == [entry.balance_after for entry in ledger]
    assert Event.objects.filter(type="points.changed").count() == Entry.objects.count()
    assert sweep() == 0


def test_two_owners_at_once_make_one_beginning():
    customer = CustomerFactory()
    made = together(
        lambda: webhook(url="https://a.example.com/"), lambda: webhook(url="https://b.example.com/")
    )
    assert [one for one in made if isinstance(one, Exception)] == []

    give_points(customer, 5)
    sweep()

    assert told(customer) == [(1, "points.changed", 5)]
    assert {endpoint.deliveries.count() for endpoint in Endpoint.objects.all()} == {1}


def test_a_sweep_that_dies_has_told_nothing():
    customer = CustomerFactory()
    webhook()
    give_points(customer, 5)

    with transaction.atomic():
        assert sweep() == 1
        transaction.set_rollback(True)
    assert not Event.objects.exists()

    assert sweep() == 1
    endpoints.end(endpoint=Endpoint.objects.get())
    assert sweep() == 0


def test_a_source_that_a_newer_release_brings_begins_with_what_comes_then():
    customer = CustomerFactory()
    webhook()
    Watermark.objects.filter(source="entry").delete()  # As the release before left it.
    give_points(customer, 5, reference="before")

    assert sweep() == 0
    give_points(customer, 7, reference="after")

    assert sweep() == 1
    assert told(customer) == [(1, "points.changed", 12)]
