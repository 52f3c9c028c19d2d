"""Many sales in one request: one answer each, in order, each for itself."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from loyalty.integrations.ids import public_id
from loyalty.integrations.models import Answer
from loyalty.programme.versions import publish
from loyalty.purchases.models import Purchase
from loyalty.web.api import purchases
from rewards.models import Referral
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import RULES, SECTION, bring
from tests.web.api.calling import caller, every_row, problem

STATEMENTS = 19  # Whatever the number of sales.


@pytest.fixture
def thao():
    return CustomerFactory(phone="+84912345678")


def sale(number: int, **more) -> dict:
    return {"reference": f"HD-{number}", "customer": "0912345678", "total_minor": 100_000} | more


def test_one_answer_each_in_order_and_a_refusal_keeps_nobody_out(till, thao):
    batch = [sale(1), sale(2, total_minor=0), "no sale", sale(3, customer="12"), sale(4)]

    answer = till.post("/purchases/batch", {"purchases": batch})

    told = answer.json()["answers"]
    assert [one["status"] for one in told] == [201, 422, 422, 422, 201]
    assert [one["body"].get("balance") for one in told] == [10, None, None, None, 20]
    assert told[1]["body"]["errors"][0]["field"] == "total_minor"
    assert told[3]["body"]["errors"][0]["field"] == "customer"
    assert Purchase.objects.count() == 2


def test_each_answer_is_that_of_the_sale_alone(till, thao):
    alone = [till.post("/purchases", sale(number)) for number in range(3)]

    batch = till.post("/purchases/batch", {"purchases": [sale(number) for number in range(3)]})

    bodies = b",".join(b'{"status":201,"body":' + one.content + b"}" for one in alone)
    assert batch.content == b'{"answers":[' + bodies + b"]}"
    assert Purchase.objects.count() == 3


@pytest.mark.parametrize("key", [{}, {"Idempotency_Key": "batch-0001"}])
def test_the_same_batch_gets_the_first_answers(till, thao, key):
    batch = {"purchases": [sale(1), sale(1), sale(2)]}

    first, again = (till.post("/purchases/batch", batch, **key) for _turn in range(2))

    assert again.content == first.content
    assert Purchase.objects.count() == 2


def test_another_batch_under_the_same_key_is_refused(till, thao):
    till.post("/purchases/batch", {"purchases": [sale(1)]}, Idempotency_Key="batch-0001")
    before = every_row()

    other = till.post("/purchases/batch", {"purchases": [sale(2)]}, Idempotency_Key="batch-0001")

    assert problem(other) == (409, "conflict", [])
    assert every_row() == before


def test_a_database_that_gives_up_half_way_is_told_and_the_rest_comes_with_the_next_try(
    till, thao, monkeypatch
):
    """Sales that are not usual, so that each is recorded for itself."""
    record = purchases.record_purchase

    def fail_at_the_third(**asked):
        if asked["reference"] == "HD-3":
            raise OperationalError
        return record(**asked)

    batch = {"purchases": [sale(number, channel="web") for number in range(1, 6)]}
    with monkeypatch.context() as broken:
        broken.setattr(purchases, "record_purchase", fail_at_the_third)
        failed = till.post("/purchases/batch", batch, Idempotency_Key="batch-0001")

    assert problem(failed) == (503, "unavailable", [])
    assert (Purchase.objects.count(), Answer.objects.count()) == (2, 0)
    told = till.post("/purchases/batch", batch, Idempotency_Key="batch-0001").json()["answers"]
    assert [one["body"]["balance"] for one in told] == [10, 20, 30, 40, 50]


@pytest.mark.parametrize("count", [0, 1_001])
def test_a_batch_has_one_to_a_thousand_sales(till, count):
    answer = till.post("/purchases/batch", {"purchases": [{}] * count})

    assert problem(answer) == (422, "invalid", ["purchases"])


@pytest.mark.parametrize("count", [1, 3])
def test_usual_sales_of_a_batch_take_as_many_statements_as_one(
    till, thao, count, django_assert_num_queries
):
    till.post("/purchases/batch", {"purchases": [sale(0)]})  # Reads the rules.

    with django_assert_num_queries(STATEMENTS):
        answer = till.post("/purchases/batch", {"purchases": [sale(n + 1) for n in range(count)]})

    assert [one["status"] for one in answer.json()["answers"]] == [201] * count


def test_sales_of_one_customer_count_in_the_order_of_the_request_whatever_they_are(till, thao):
    lines = {"total_minor": None, "lines": [{"unit_price_minor": 100_000}]}

    told = till.post("/purchases/batch", {"purchases": [sale(1), sale(2, **lines), sale(3)]})

    assert [one["body"]["balance"] for one in told.json()["answers"]] == [10, 20, 30]


def test_one_number_twice_in_a_batch_stands_for_one_sale(till, thao):
    CustomerFactory(phone="+84987654321")
    other = sale(1, customer="0987654321")

    told = till.post("/purchases/batch", {"purchases": [sale(1), other, sale(1)]}).json()

    assert [one["status"] for one in told["answers"]] == [201, 409, 201]
    assert told["answers"][2]["body"] == told["answers"][0]["body"]
    assert Purchase.objects.count() == 1


def test_what_was_told_before_is_answered_and_the_rest_recorded(till, thao):
    first = till.post("/purchases", sale(1)).json()

    told = till.post("/purchases/batch", {"purchases": [sale(1), sale(2)]}).json()["answers"]

    assert told[0]["body"] == first
    assert told[1]["body"]["balance"] == 20


def test_the_past_of_a_batch_needs_its_scope_sale_by_sale(thao):
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    plain = caller("earn", name="Plain")

    told = plain.post("/purchases/batch", {"purchases": [sale(1, occurred_at=yesterday), sale(2)]})

    assert [one["status"] for one in told.json()["answers"]] == [403, 201]


def test_a_friend_s_sale_in_a_batch_pays_whoever_brought_them(
    till, django_capture_on_commit_callbacks
):
    publish(document=RULES + SECTION, effective_from=NOON, at=NOON, by=None)
    brought = bring(at=timezone.now())
    body = sale(1, customer=public_id("cus", brought.friend_id))

    with django_capture_on_commit_callbacks(execute=True):
        till.post("/purchases/batch", {"purchases": [body]})

    brought.refresh_from_db()
    assert brought.state == Referral.State.PAID
