"""What a customer has, over the API."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from loyalty.dates import local_date
from loyalty.integrations.ids import public_id
from loyalty.ledger.services import keep_alive
from loyalty.web.api.cursors import write_cursor
from tests.factories.clock import SAIGON
from tests.factories.customers import CustomerFactory, give_points
from tests.web.api.calling import problem


def path_of(customer, noun):
    return f"/customers/{public_id('cus', customer.pk)}/{noun}"


def test_balance_lots_and_tier(till):
    customer, today = CustomerFactory(), local_date(timezone.now(), SAIGON)
    give_points(customer, 30, expires_on=date(2030, 1, 31))
    give_points(customer, 12, usable_from=today + timedelta(days=1))

    told = till.get(path_of(customer, "points")).json()

    assert (told["balance"], told["usable"], told["owed"]) == (42, 30, 0)
    assert told["pending"] == [{"day": f"{today + timedelta(days=1)}", "points": 12}]
    assert told["expiring"] == [{"day": "2030-01-31", "points": 30}]
    assert [(lot["remaining"], lot["expires_on"]) for lot in told["lots"]] == [
        (30, "2030-01-31"),
        (12, None),
    ]
    assert told["tier"]["name_en"]
    assert told["progress"]["counts"] == "spend"


def test_lots_end_on_their_day_and_stay_as_long_as_purchases_keep_them(till):
    customer, kept, today = CustomerFactory(), CustomerFactory(), local_date(timezone.now(), SAIGON)
    for who in (customer, kept):
        give_points(who, 30, expires_on=today - timedelta(days=1))
        give_points(who, 12)
    keep_alive(until={kept.pk: today}, at=timezone.now() - timedelta(days=2))

    ended, alive = (till.get(path_of(who, "points")).json() for who in (customer, kept))

    assert (ended["usable"], alive["usable"]) == (12, 42)
    assert [(lot["remaining"], lot["expires_on"]) for lot in ended["lots"]] == [(12, None)]
    assert [(lot["remaining"], lot["expires_on"]) for lot in alive["lots"]] == [
        (30, f"{today}"),
        (12, None),
    ]


def test_a_new_customer_has_nothing(till):
    told = till.get(path_of(CustomerFactory(), "points")).json()

    assert (told["balance"], told["usable"], told["lots"], told["pending"]) == (0, 0, [], [])


def test_entries_come_newest_first_a_page_at_a_time(till):
    customer = CustomerFactory()
    for number in range(1, 6):
        give_points(customer, number, reference=f"sale-{number}")
    pages, cursor = [], {}
    while cursor is not None:
        page = till.get(path_of(customer, "entries"), limit=2, **cursor).json()
        pages.append([(entry["number"], entry["points"]) for entry in page["entries"]])
        cursor = {"cursor": page["next"]} if page["next"] else None

    assert pages == [[(5, 5), (4, 4)], [(3, 3), (2, 2)], [(1, 1)]]


def test_the_page_goes_on_where_it_ended_whatever_comes_meanwhile(till):
    customer = CustomerFactory()
    for number in range(1, 4):
        give_points(customer, number, reference=f"sale-{number}")
    first = till.get(path_of(customer, "entries"), limit=2).json()
    give_points(customer, 9, reference="sale-9")

    second = till.get(path_of(customer, "entries"), limit=2, cursor=first["next"]).json()

    assert [entry["points"] for entry in second["entries"]] == [1]


@pytest.mark.parametrize(
    "make", [lambda place: "x", lambda place: "MTA:x", lambda place: "9" * 201]
)
def test_a_made_up_cursor_opens_nothing(till, make):
    answer = till.get(path_of(CustomerFactory(), "entries"), cursor=make(""))

    assert problem(answer) == (422, "invalid", ["cursor"])


def test_a_cursor_of_one_customer_opens_no_others_list(till):
    mine, other = CustomerFactory(), CustomerFactory()
    cursor = write_cursor(f"entries/{mine.pk}", 3)

    assert till.get(path_of(mine, "entries"), cursor=cursor).status_code == 200
    assert till.get(path_of(other, "entries"), cursor=cursor).status_code == 422


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "9223372036854775808", "١٢"])
def test_a_page_has_a_size(till, limit):
    answer = till.get(path_of(CustomerFactory(), "entries"), limit=limit)

    assert problem(answer) == (422, "invalid", ["limit"])
