"""A repeated request is answered with the first answer's bytes and acts once."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction

from customers.models import Customer
from customers.services import enrol_customer
from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.integrations import answers, tasks
from loyalty.integrations.answers import KEPT, Reply, Request, once
from loyalty.integrations.models import Answer
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.faults.together import together
from tests.support.rounds import rounds

PHONE = "0912345678"


def request_of(asked: bytes = b'{"phone": "0912345678"}', key: str = "order-0001") -> Request:
    return Request.of(source="api-till", route="enrol", idempotency_key=key, asked=asked)


def enrol(phone: str = PHONE) -> Reply:
    customer = enrol_customer(phone=phone, at=NOON, by=None)
    return Reply(201, f'{{"id": {customer.pk}}}', customer.pk)


@pytest.mark.django_db
def test_the_first_answer_comes_again_and_nothing_is_done_twice():
    first = once(request_of(), enrol, at=NOON)

    assert once(request_of(), lambda: pytest.fail("acted twice"), at=NOON) == first
    assert Customer.objects.count() == 1


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_a_conflict_and_writes_nothing():
    once(request_of(), enrol, at=NOON)

    with pytest.raises(Conflict):
        once(request_of(b"{}"), partial(enrol, "0987654321"), at=NOON)
    assert Customer.objects.count() == 1


@pytest.mark.django_db
def test_keys_of_other_programs_and_routes_are_other_keys():
    once(request_of(), enrol, at=NOON)
    other = Request.of(source="api-web", route="enrol", idempotency_key="order-0001", asked=b"")

    assert once(other, lambda: Reply(200, "{}"), at=NOON) == Reply(200, "{}")


@pytest.mark.django_db
def test_a_refusal_is_not_kept_and_the_next_try_may_succeed():
    def refuse() -> Reply:
        CustomerFactory()
        raise DomainError("not yet")

    with pytest.raises(DomainError, match="not yet"):
        once(request_of(), refuse, at=NOON)
    assert not Customer.objects.exists()
    assert once(request_of(), enrol, at=NOON).status == 201


@pytest.mark.django_db
def test_the_kept_hash_tells_nobody_what_was_asked():
    once(request_of(), lambda: Reply(200, "{}"), at=NOON)

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_answer")
        assert PHONE not in repr(cursor.fetchall())


@pytest.mark.parametrize("key", ["", "short", "x" * 101, "bảy lần bảy", "a b c d e f", "0123456\n"])
def test_an_idempotency_key_has_a_form(key):
    with pytest.raises(InvalidInput) as error:
        request_of(key=key)
    assert error.value.field == "Idempotency-Key"


@pytest.mark.django_db
def test_answers_are_kept_long_enough_and_then_forgotten(monkeypatch):
    monkeypatch.setattr(answers, "CHUNK", 2)
    for number in range(5):
        age = timedelta(days=30) if number == 4 else KEPT + timedelta(seconds=1)
        once(request_of(key=f"order-{number:04}"), lambda: Reply(200, "{}"), at=NOON - age)

    assert (answers.forget_old(at=NOON), answers.forget_old(at=NOON)) == (4, 0)
    assert Answer.objects.get().idempotency_key == "order-0004"
    assert tasks.forget_answers() == 0


@pytest.mark.django_db
def test_a_customers_answers_can_be_forgotten():
    reply = once(request_of(), enrol, at=NOON)

    assert answers.forget_customer(customer_id=reply.customer_id) == 1
    assert not Answer.objects.exists()


@pytest.mark.django_db
def test_the_database_refuses_to_rewrite_an_answer():
    once(request_of(), lambda: Reply(200, "{}"), at=NOON)

    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Answer.objects.update(body="[]")


@pytest.mark.django_db(transaction=True)
def test_of_twins_one_acts_and_all_hear_the_same():
    for trial in range(rounds(usual=20, soak=300)):
        asked = request_of(key=f"trial-{trial:04}")
        phone = f"09{trial:08}"

        outcomes = together(*[partial(once, asked, partial(enrol, phone), at=NOON)] * 8)

        assert [type(outcome) for outcome in outcomes] == [Reply] * 8, outcomes
        assert len(set(outcomes)) == 1
        assert Customer.objects.filter(pk=outcomes[0].customer_id).count() == 1
        assert Answer.objects.filter(idempotency_key=f"trial-{trial:04}").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_twins_with_other_bodies_one_acts_and_the_others_are_refused():
    bodies = [f"{number}".encode() for number in range(4)]
    acts = [
        partial(once, request_of(body), partial(enrol, f"098765432{place}"), at=NOON)
        for place, body in enumerate(bodies)
    ]

    outcomes = together(*acts)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 3 + ["Reply"]
    assert Customer.objects.count() == Answer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_twin_waits_for_the_first_and_acts_when_that_one_fails():
    inside, go_on = threading.Event(), threading.Event()

    def fail_late() -> Reply:
        enrol()
        inside.set()
        go_on.wait(5)
        raise DomainError("the first gives up")

    def second() -> Reply:
        inside.wait(5)
        threading.Timer(0.2, go_on.set).start()
        return once(request_of(), enrol, at=NOON)

    first, after = together(partial(once, request_of(), fail_late, at=NOON), second)

    # The first refuses; or hears what the second was told meanwhile.
    assert after.status == 201
    assert isinstance(first, DomainError) or first == after
    assert Customer.objects.count() == 1
