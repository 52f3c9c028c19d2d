"""Points changed by hand over the API: signed, for a reason, within the key's limit."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loyalty.integrations.ids import public_id
from loyalty.ledger.adjustments import approve
from loyalty.ledger.models import Account, Adjustment, Entry
from loyalty.shop.models import User
from tests.factories.customers import customer_with_points
from tests.factories.shop import StaffFactory
from tests.web.api.calling import caller, every_row, problem

BODY = {"points": 50, "reason": "Bù điểm", "reference": "DC-1"}


@pytest.fixture
def customer():
    return customer_with_points(100)


def path_of(customer):
    return f"/customers/{public_id('cus', customer.pk)}/adjustments"


@pytest.mark.parametrize(("points", "balance"), [(50, 150), (-100, 0)])
def test_within_the_limit_they_are_posted_at_once(till, customer, points, balance):
    answer = till.post(path_of(customer), BODY | {"points": points})

    assert answer.status_code == 201
    assert (answer.json()["state"], answer.json()["balance"]) == ("posted", balance)
    entry = Entry.objects.latest("pk")
    assert (entry.points, entry.reason, entry.recorded_by.username) == (
        points,
        "Bù điểm",
        "api-till",
    )


@pytest.mark.parametrize("points", [41, -41])
def test_above_the_keys_limit_a_person_has_to_agree(customer, points):
    program = caller("adjust", name="Careful", adjust_limit=40)

    answer = program.post(path_of(customer), BODY | {"points": points})

    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["balance"]) == ("waiting", None)
    assert Account.objects.get(pk=customer.pk).balance == 100
    waiting = Adjustment.objects.get()
    approve(adjustment_id=waiting.pk, at=timezone.now(), by=StaffFactory(role=User.Role.OWNER))
    assert Account.objects.get(pk=customer.pk).balance == 100 + points


def test_a_key_never_decides_more_than_a_manager(customer):
    program = caller("adjust", adjust_limit=1_000_000)

    assert program.post(path_of(customer), BODY | {"points": 501}).status_code == 202


@pytest.mark.parametrize(
    ("body", "headers"),
    [(BODY, {}), (BODY | {"reference": None}, {"Idempotency_Key": "adjust-0001"})],
)
def test_the_same_adjustment_is_made_once(till, customer, body, headers):
    first, again = (till.post(path_of(customer), body, **headers) for _turn in range(2))

    assert again.content == first.content
    assert Adjustment.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"points": 0}, "points"),
        ({"reason": ""}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"reference": None}, "reference"),
        ({"expires_on": "2020-01-31"}, "expires_on"),
        ({"expires_on": "31/01/2030"}, "expires_on"),
        ({"expires_on": "2026-02-30"}, "expires_on"),
        ({"balance": 5}, "balance"),
    ],
)
def test_an_adjustment_that_cannot_be_names_the_field_and_writes_nothing(
    till, customer, body, field
):
    before = every_row()

    assert problem(till.post(path_of(customer), BODY | body)) == (422, "invalid", [field])
    assert every_row() == before


def test_more_than_there_is_cannot_be_taken(till, customer):
    refused = till.post(path_of(customer), BODY | {"points": -101})

    assert problem(refused) == (409, "insufficient-points", [])
    assert (refused.json()["needed"], refused.json()["available"]) == (101, 100)


def test_added_points_may_end(till, customer):
    day = (timezone.now() + timedelta(days=30)).date().isoformat()

    assert till.post(path_of(customer), BODY | {"expires_on": day}).json()["expires_on"] == day
