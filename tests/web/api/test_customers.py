"""Customers over the API: enrolled once, found by phone and card, corrected field by field."""

import json

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from customers.models import Customer, MemberSession
from customers.signin import open_session
from loyalty.integrations.ids import public_id
from loyalty.integrations.models import Answer
from loyalty.ledger.models import Entry
from tests.factories.customers import CustomerFactory
from tests.factories.shop import BranchFactory
from tests.web.api.calling import Caller, caller, every_row, problem, the_shop_says

THAO = {
    "phone": "0912 345 678",
    "name": "Nguyễn  Thu Thảo",
    "salutation": "chị",
    "email": "thao@example.com",
    "birthday": {"day": 29, "month": 2, "year": 1992},
}


def test_a_customer_is_enrolled_with_the_phone_in_one_form(till):
    BranchFactory(key="ha-noi")

    answer = till.post("/customers", THAO | {"branch": "ha-noi"})

    customer = Customer.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": public_id("cus", customer.pk),
        "name": "Nguyễn Thu Thảo",
        "salutation": "chị",
        "phone": "+84912345678",
        "email": "thao@example.com",
        "birthday": {"day": 29, "month": 2, "year": 1992, "lunar": False},
        "language": "vi",
        "external_id": "",
        "card_number": customer.card_number,
        "branch": "ha-noi",
        "joined_at": answer.json()["joined_at"],
    }
    assert till.get(f"/customers/{answer.json()['id']}").json() == answer.json()


def test_a_known_phone_answers_with_whom_it_belongs_to(till):
    known = CustomerFactory(phone="+84912345678")

    answer = till.post("/customers", THAO)

    assert problem(answer) == (409, "already-enrolled", [])
    assert answer.json()["customer"] == public_id("cus", known.pk)
    assert Customer.objects.count() == 1


def test_a_merged_customer_answers_as_the_kept_one(till):
    kept = CustomerFactory(phone="+84987654321")
    merged = CustomerFactory(phone="+84912345678", merged_into=kept)

    by_id = till.get(f"/customers/{public_id('cus', merged.pk)}").json()
    by_phone = till.get("/customers", phone="0912345678").json()["customers"]
    again = till.post("/customers", THAO).json()

    assert [by_id["id"], by_phone[0]["id"], again["customer"]] == [public_id("cus", kept.pk)] * 3


def test_the_same_request_gets_the_first_answer_byte_for_byte(till):
    first = till.post("/customers", THAO, Idempotency_Key="enrol-0001")
    Customer.objects.update(name="Changed meanwhile")
    order = dict(reversed(list(THAO.items())))

    again = till.post("/customers", order, Idempotency_Key="enrol-0001")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Customer.objects.count() == 1
    assert Answer.objects.get().customer == Customer.objects.get()


def test_another_request_under_the_same_idempotency_key_is_refused(till):
    till.post("/customers", THAO, Idempotency_Key="enrol-0001")
    before = every_row()

    other = till.post("/customers", THAO | {"phone": "0987654321"}, Idempotency_Key="enrol-0001")

    assert problem(other) == (409, "conflict", [])
    assert every_row() == before


@pytest.mark.parametrize("key", ["short", "x" * 101, "có dấu tiếng Việt"])
def test_an_idempotency_key_in_no_proper_form_is_refused(till, key):
    answer = till.post("/customers", THAO, Idempotency_Key=key.encode().decode("latin-1"))

    assert problem(answer) == (422, "invalid", ["Idempotency-Key"])
    assert not Customer.objects.exists()


@pytest.mark.parametrize("typed", ["0912345678", "+84 912 345 678", "84-912.345.678"])
def test_a_phone_finds_its_customer_in_any_form(till, typed):
    CustomerFactory()
    thao = CustomerFactory(phone="+84912345678")

    [found] = till.get("/customers", phone=typed).json()["customers"]

    assert found["id"] == public_id("cus", thao.pk)


def test_a_card_finds_its_customer_by_number_and_by_token(till):
    thao = CustomerFactory()
    thao.refresh_from_db()

    for card in (thao.card_number, thao.card_token):
        [found] = till.get("/customers", card=card).json()["customers"]
        assert found["id"] == public_id("cus", thao.pk)


def test_words_find_customers_as_at_the_counter(till):
    for name in ("Trần Đức", "Trần Đạt", "Lê An"):
        till.post("/customers", {"name": name, "external_id": name})

    found = till.get("/customers", q="tran d").json()["customers"]
    one = till.get("/customers", q="tran d", limit=1).json()["customers"]

    assert [customer["name"] for customer in found] == ["Trần Đạt", "Trần Đức"]
    assert [customer["name"] for customer in one] == ["Trần Đạt"]


@pytest.mark.parametrize("count", [1, 5])
def test_a_search_takes_the_same_queries_for_one_and_for_many(
    till, count, django_assert_num_queries
):
    for number in range(count):
        CustomerFactory(external_id=f"{number}", joined_branch=BranchFactory())
    till.get("/customers", q="thao")  # Keeps when the key was used.

    with django_assert_num_queries(4):  # The key, exact hits, alike ones, their branches.
        assert len(till.get("/customers", q="thao").json()["customers"]) == count


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "phone"),
        ({"phone": "0912345678", "q": "an"}, "q"),
        ({"phone": "12"}, "phone"),
        ({"card": "12345675"}, "card"),
        ({"q": "an", "limit": "0"}, "limit"),
        ({"q": "an", "limit": "51"}, "limit"),
        ({"q": "an", "limit": "1e400"}, "limit"),
        ({"q": "an", "limit": "NaN"}, "limit"),
        ({"q": "a\x00"}, "q"),
        ({"q": ["an", "ba"]}, "q"),
    ],
)
def test_a_search_that_cannot_be_understood_names_what_is_wrong(till, query, field):
    assert problem(till.get("/customers", **query)) == (422, "invalid", [field])


def test_a_customer_is_corrected_field_by_field(till):
    thao = till.post("/customers", THAO).json()
    path = f"/customers/{thao['id']}"

    changed = till.patch(path, {"name": "Nguyễn Thu Thảo B", "phone": "0987 654 321"})
    forgotten = till.patch(path, {"birthday": None, "email": ""})

    assert changed.json() == thao | {"name": "Nguyễn Thu Thảo B", "phone": "+84987654321"}
    assert forgotten.json() == changed.json() | {"birthday": None, "email": ""}
    assert till.patch(path, {}).json() == forgotten.json()


def test_another_phone_signs_the_customer_out_everywhere(till):
    thao = till.post("/customers", THAO).json()
    open_session(customer=Customer.objects.get(), at=timezone.now())

    till.patch(f"/customers/{thao['id']}", {"name": "Nguyễn Thảo"})
    assert MemberSession.objects.count() == 1
    till.patch(f"/customers/{thao['id']}", {"phone": "0987654321"})
    assert MemberSession.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"name": None}, ["name"]),
        ({"phone": "", "email": ""}, ["phone"]),
        ({"phone": "", "email": " ", "external_id": " "}, ["phone"]),
        ({"phone": "12"}, ["phone"]),
        ({"balance": 5}, ["balance"]),
        ({"merged_into": "cus_00000000"}, ["merged_into"]),
    ],
)
def test_a_correction_that_cannot_be_names_the_field_and_writes_nothing(till, body, named):
    thao = till.post("/customers", THAO).json()

    refused = till.patch(f"/customers/{thao['id']}", body)

    assert problem(refused) == (422, "invalid", named)
    assert till.get(f"/customers/{thao['id']}").json() == thao


def test_a_phone_of_somebody_else_is_not_taken(till):
    other = CustomerFactory(phone="+84987654321")
    thao = till.post("/customers", THAO).json()

    refused = till.patch(f"/customers/{thao['id']}", {"phone": "0987654321"})

    assert problem(refused) == (409, "already-enrolled", [])
    assert refused.json()["customer"] == public_id("cus", other.pk)
    assert till.get(f"/customers/{thao['id']}").json() == thao


def test_a_key_of_one_branch_enrols_there_and_nowhere_else():
    mine, other = BranchFactory(), BranchFactory()
    till = caller(branch=mine)

    enrolled = till.post("/customers", THAO).json()
    refused = till.post("/customers", {"phone": "0987654321", "branch": other.key})

    assert enrolled["branch"] == mine.key
    assert problem(refused) == (403, "not-allowed", ["branch"])


def test_answers_about_people_are_kept_by_nobody_on_the_way(till):
    answer = till.post("/customers", THAO)

    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.cookies) == set()
    assert json.loads(answer.content)["phone"] == "+84912345678"


def test_joining_over_the_api_brings_what_new_members_get(till):
    the_shop_says("[bonuses.welcome]\npoints = 20\n[bonuses.profile]\npoints = 10\n")

    answer = till.post("/customers", THAO, Idempotency_Key="enrol-0001")
    till.post("/customers", THAO, Idempotency_Key="enrol-0001")

    customer = Customer.objects.get(phone="+84912345678")
    assert answer.status_code == 201
    assert [row.points for row in Entry.objects.filter(account=customer.pk)] == [20, 10]


@pytest.mark.parametrize("name", ["a", "é"])
def test_a_search_by_ever_so_many_things_is_refused(till, name):
    asked = "&".join(f"{name}{number}=" for number in range(1_001))

    assert problem(till.get(f"/customers?{asked}")) == (422, "invalid", [f"{name}0"])


def breaking(statement):
    """The line to the database, lost with the first statement of that kind."""

    def execute_or_break(execute, sql, *asked):
        if statement in sql:
            raise OperationalError("the server closed the connection")
        return execute(sql, *asked)

    return connection.execute_wrapper(execute_or_break)


def test_nobody_is_a_member_without_the_points_for_joining(till):
    the_shop_says("[bonuses.welcome]\npoints = 20\n")

    with breaking("rewards_welcomed"):
        assert problem(till.post("/customers", THAO)) == (503, "unavailable", [])

    assert not Customer.objects.exists()
    assert till.post("/customers", THAO).status_code == 201
    assert Entry.objects.get().points == 20


def test_a_correction_stands_with_the_points_it_brings_or_not_at_all(till):
    the_shop_says("[bonuses.profile]\npoints = 10\n")
    customer = CustomerFactory(name="", birth_day=22, birth_month=11)
    place = f"/customers/{public_id('cus', customer.pk)}"

    with breaking("ledger_credit"):
        assert problem(till.patch(place, {"name": "An"})) == (503, "unavailable", [])

    assert till.get(place).json()["name"] == ""
    assert till.patch(place, {"name": "An"}).status_code == 200
    assert Entry.objects.get().points == 10


def test_what_completes_the_profile_brings_its_points_once(till):
    the_shop_says("[bonuses.profile]\npoints = 10\n")
    customer = CustomerFactory(name="Đỗ Mai")
    path = f"/customers/{public_id('cus', customer.pk)}"

    for day in (1, 2):
        till.patch(path, {"birthday": {"day": day, "month": 8, "lunar": True}})

    assert [row.points for row in Entry.objects.filter(account=customer.pk)] == [10]


@pytest.mark.parametrize("by", ["phone", "card"])
def test_a_scan_asks_for_the_key_and_the_customer_in_one_trip(till, by, django_assert_num_queries):
    customer = CustomerFactory(phone="+84912345678", joined_branch=BranchFactory(key="ha-noi"))
    asked = {"phone": "0912 345 678", "card": customer.card_token}[by]
    till.get("/customers", q="an")  # Writes down that the key is in use.

    with django_assert_num_queries(1):
        answer = till.get("/customers", **{by: asked})

    [found] = answer.json()["customers"]
    assert (found["phone"], found["branch"]) == ("+84912345678", "ha-noi")
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_a_scan_with_no_good_key_says_nothing_of_the_customer():
    CustomerFactory(phone="+84912345678")

    strangers = [Caller(), Caller("loy_" + "a" * 10 + "_" + "S" * 43), caller("earn")]

    for stranger, status in zip(strangers, (401, 401, 403), strict=True):
        answer = stranger.get("/customers", phone="0912345678")
        assert answer.status_code == status
        assert "84912345678" not in answer.content.decode()
        assert stranger.get("/customers", phone="12").status_code == status


@pytest.mark.parametrize("asked", [{"phone": "0912345678", "card": "12345674"}, {}])
def test_a_search_by_two_things_or_none_is_refused(till, asked):
    assert problem(till.get("/customers", **asked))[:2] == (422, "invalid")


@pytest.mark.parametrize(
    "body", [{"phone": "0987654321"}, {"email": "KHAC@example.com"}, {"external_id": "A-2"}]
)
def test_what_a_merged_row_has_stays_there(till, body):
    kept = CustomerFactory(phone="+84912345678")
    CustomerFactory(
        phone="+84987654321", email="khac@example.com", external_id="A-2", merged_into=kept
    )
    before = every_row()

    refused = till.patch(f"/customers/{public_id('cus', kept.pk)}", body)

    assert problem(refused) == (422, "invalid", list(body))
    assert every_row() == before
