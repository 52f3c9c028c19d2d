"""
Programs that ask twice at once, lose the answer, or come while the database is held: over HTTP, by
real threads. One effect, and answers that are equal to the byte or say that one may try again.
"""

from functools import partial

import pytest
from django.db import connection, transaction

from loyalty.ledger import proof
from loyalty.ledger.models import Account, Entry
from loyalty.purchases.models import Purchase, Refund
from rewards.models import Redemption, Voucher
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.faults.together import together
from tests.support.rounds import rounds
from tests.web.api.calling import Caller, caller, problem

pytestmark = pytest.mark.django_db(transaction=True)
TWINS = 6


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


@pytest.fixture
def token() -> str:
    return caller(name="Till").token


def at_once(token, *asked):
    """What each of these (path, body, headers) is answered, all sent at the same moment."""
    acts = [partial(Caller(token).post, path, body, **headers) for path, body, headers in asked]
    answers = together(*acts)
    assert [type(answer).__name__ for answer in answers if isinstance(answer, Exception)] == []
    return answers


@pytest.mark.parametrize("key", [None, "sale-{}-same", "sale-{}-other-{}"])
def test_of_the_same_sale_sent_many_times_at_once_one_counts(token, key):
    customer = CustomerFactory(phone="+84912345678")
    for trial in range(rounds(usual=20, soak=300)):
        body = {"reference": f"HD-{trial}", "customer": "0912345678", "total_minor": 100_000}
        keys = [{"Idempotency_Key": key.format(trial, n)} if key else {} for n in range(TWINS)]

        answers = at_once(token, *[("/purchases", body, headers) for headers in keys])

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert Purchase.objects.filter(reference=f"HD-{trial}").count() == 1
    # The later ones of many earn in a higher tier.
    points = list(Purchase.objects.order_by("pk").values_list("points", flat=True))
    assert (points[0], Entry.objects.count()) == (10, len(points))
    assert Account.objects.get(pk=customer.pk).balance == sum(points)
    assert proof.verify().problems == ()


@pytest.mark.parametrize("same", ["reference", "key"])
def test_of_other_sales_under_one_name_at_once_one_counts(token, same):
    CustomerFactory(phone="+84912345678")
    for trial in range(rounds(usual=20, soak=100)):
        asked = []
        for number in range(1, TWINS):
            reference = f"HD-{trial}" if same == "reference" else f"HD-{trial}-{number}"
            body = {
                "reference": reference,
                "customer": "0912345678",
                "total_minor": number * 10_000,
            }
            headers = {} if same == "reference" else {"Idempotency_Key": f"sale-{trial:04}"}
            asked.append(("/purchases", body, headers))

        statuses = sorted(answer.status_code for answer in at_once(token, *asked))

        assert statuses == [201] + [409] * (TWINS - 2)
        assert Purchase.objects.count() == Entry.objects.count() == trial + 1


def test_of_the_same_enrolment_at_once_one_counts_and_all_hear_of_the_same_customer(token):
    for trial in range(rounds(usual=20, soak=300)):
        body = {"phone": f"09{trial:08}", "name": "Thảo"}
        keyed = ("/customers", body, {"Idempotency_Key": f"enrol-{trial:04}"})
        answers = at_once(token, *[keyed] * TWINS)
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1

        other = ("/customers", body | {"phone": f"+8498{trial:07}"}, {})
        bare = at_once(token, *[other] * TWINS)
        ids = {answer.json().get("id") or answer.json()["customer"] for answer in bare}
        assert sorted(answer.status_code for answer in bare) == [201] + [409] * (TWINS - 1)
        assert len(ids) == 1


def test_of_the_same_redemption_and_use_at_once_one_counts(token):
    RewardFactory(key="tea", cost_points=100)
    for trial in range(rounds(usual=20, soak=200)):
        phone = f"+849{trial:08}"
        customer = customer_with_points(150, phone=phone)
        body = {"customer": phone, "reward": "tea", "reference": f"DQ-{trial}"}

        redeemed = at_once(token, *[("/redemptions", body, {})] * TWINS)

        assert {answer.status_code for answer in redeemed} == {201}
        assert len({answer.content for answer in redeemed}) == 1
        assert Redemption.objects.filter(customer=customer).count() == 1
        use = f"/vouchers/{redeemed[0].json()['voucher']['code']}/use"
        used = at_once(token, *[(use, None, {})] * TWINS)
        assert sorted(answer.status_code for answer in used) == [200] + [409] * (TWINS - 1)
        assert Account.objects.get(pk=customer.pk).balance == 50
    assert {voucher.state for voucher in Voucher.objects.all()} == {"used"}


def test_of_the_same_refund_at_once_one_counts(token):
    CustomerFactory(phone="+84912345678")
    for trial in range(rounds(usual=20, soak=200)):
        sale = {"reference": f"HD-{trial}", "customer": "0912345678", "total_minor": 100_000}
        assert Caller(token).post("/purchases", sale).status_code == 201
        back = {"reference": f"TH-{trial}", "amount_minor": 60_000}

        answers = at_once(token, *[(f"/purchases/HD-{trial}/refunds", back, {})] * TWINS)

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert Refund.objects.count() == trial + 1
    assert proof.verify().problems == ()


def test_an_answer_that_was_lost_after_the_commit_is_heard_at_the_next_try(token):
    CustomerFactory(phone="+84912345678")
    for trial in range(rounds(usual=20, soak=200)):
        body = {"reference": f"HD-{trial}", "customer": "0912345678", "total_minor": 100_000}
        headers = {"Idempotency_Key": f"sale-{trial:04}"}
        lost = Caller(token).post("/purchases", body, **headers)
        connection.close()  # The web server was killed right after it had committed.

        heard = Caller(token).post("/purchases", body, **headers)

        assert (heard.status_code, heard.content) == (201, lost.content)
        assert Purchase.objects.count() == trial + 1


def test_a_till_that_meets_a_lock_is_told_to_try_again_and_nothing_is_written(token):
    customer = customer_with_points(10, phone="+84912345678")
    body = {"reference": "HD-1", "customer": "0912345678", "total_minor": 100_000}

    def hold_and_ask():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM ledger_lock_kept(%s)", [[customer.pk]])
            [refused] = at_once(token, ("/purchases", body, {"Idempotency_Key": "sale-0001"}))
            return refused

    refused = hold_and_ask()

    assert problem(refused) == (409, "busy", [])
    assert refused.headers["Retry-After"] == "1"
    assert not Purchase.objects.exists()
    again = Caller(token).post("/purchases", body, Idempotency_Key="sale-0001")
    assert (again.status_code, again.json()["balance"]) == (201, 20)
