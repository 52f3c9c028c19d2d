"""Enrolling, finding and asking customers."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.identity import Birthday, is_card_number
from customers.models import Consent, Customer
from customers.queries import consents_of, customers_meant, find_customers, known_by
from customers.services import AlreadyEnrolled, enrol_customer, record_consent
from loyalty.errors import InvalidInput
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import ShopFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db):
    ShopFactory()


def enrol(phone="0912 345 678", **columns):
    return enrol_customer(phone=phone, at=NOON, by=None, **columns)


def consent(customer, granted, channel="email"):
    return record_consent(
        customer=customer,
        channel=channel,
        granted=granted,
        wording="2026-11",
        means="counter",
        at=NOON,
        by=None,
    )


def test_a_phone_is_enough_to_enrol():
    customer = enrol()

    assert (customer.phone, customer.name, customer.joined_at) == ("+84912345678", "", NOON)
    assert is_card_number(customer.card_number)
    assert len(customer.card_token) == 22
    assert str(customer) == f"Khách {customer.card_number}"


def test_everything_else_is_kept_when_given():
    customer = enrol(
        name="Nguyễn Thu Thảo",
        salutation="chị",
        email="Thao@example.com",
        birthday=Birthday(25, 11),
    )

    assert (customer.name_folded, customer.email) == ("nguyen thu thao", "Thao@example.com")
    assert (customer.birth_day, customer.birth_month, customer.birth_year) == (25, 11, None)


@pytest.mark.parametrize("phone", ["0912345678", "+84 912.345.678"])
def test_the_same_phone_again_is_the_same_customer(phone):
    customer = enrol()

    with pytest.raises(AlreadyEnrolled) as error:
        enrol(phone=phone)

    assert error.value.customer == customer
    assert Customer.objects.count() == 1


def test_an_email_belongs_to_one_customer_whatever_its_case():
    enrol(email="thao@example.com")

    with pytest.raises(AlreadyEnrolled):
        enrol(phone="0912345679", email="THAO@example.com")


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"phone": ""}, "phone"),
        ({"phone": "", "email": "  ", "external_id": " "}, "phone"),
        ({"email": "thao@"}, "email"),
        ({"email": f"thao@{'à' * 60}.example"}, "email"),
        ({"name": "x" * 201}, "name"),
    ],
)
def test_bad_input_names_its_field_and_enrols_nobody(columns, field):
    with pytest.raises(InvalidInput) as error:
        enrol(**columns)

    assert error.value.field == field
    assert not Customer.objects.exists()


def test_the_number_on_a_printed_card_stays_its_customers():
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_card_number(id) FROM unnest(ARRAY[1, 2, 123456]) AS id")
        assert [number for (number,) in cursor] == ["88900949", "50619071", "80640097"]


def test_card_numbers_never_repeat():
    CustomerFactory.create_batch(200)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT customers_card_number(id))"
            " FROM generate_series(1, 8999999, 45) AS id"
        )
        assert cursor.fetchone() == (200_000,)
    assert all(map(is_card_number, Customer.objects.values_list("card_number", flat=True)))


@pytest.mark.parametrize(
    "typed", ["0912345678", "+84912345678", "5678", "345678", "thao", "THẢO", "Thu Thao", "KH-7"]
)
def test_a_customer_is_found_by_whatever_the_cashier_knows(typed):
    customer = CustomerFactory(name="Nguyễn Thu Thảo", phone="+84912345678", external_id="KH-7")
    CustomerFactory(name="Lê Văn Bình", phone="+84987000111")

    assert find_customers(typed) == [customer]


def test_a_card_is_found_by_number_and_by_scan():
    customer = CustomerFactory()
    spaced = f"{customer.card_number[:4]} {customer.card_number[4:]}"

    assert find_customers(spaced) == find_customers(customer.card_token) == [customer]


@pytest.mark.parametrize(
    ("name", "value"),
    [("phone", "+84912345678"), ("email", "Thao@example.com"), ("external_id", "A-1")],
)
def test_nobody_is_looked_for_among_all_customers(name, value):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # A few rows are read as they lie.

    plan = Customer.objects.filter(known_by(name, value)).order_by().explain()

    assert f"customer_{name}_unique" in plan


def test_nor_are_the_many_of_a_batch():
    with CaptureQueriesContext(connection) as asked:
        customers_meant("phone", [f"+849{number:08}" for number in range(150)])

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + asked[0]["sql"])
        assert "customer_phone_unique" in str(cursor.fetchall())


@pytest.mark.parametrize(
    "typed", ["", "  ", "\x00", "%", "_", "\u0301", "zzz", "' OR 1=1 --", "x" * 5_000]
)
def test_other_text_finds_nobody(typed):
    CustomerFactory(name="An", phone="+84987000111")

    assert find_customers(typed) == []


@pytest.mark.parametrize("count", [1, 3])
def test_finding_by_name_takes_two_queries(count, django_assert_num_queries):
    CustomerFactory.create_batch(count, name="Nguyễn Thu Thảo")

    with django_assert_num_queries(2):
        assert len(find_customers("thao")) == count


def test_the_newest_word_on_adverts_counts():
    customer = CustomerFactory()
    consent(customer, granted=True)
    consent(customer, granted=False)
    consent(customer, granted=True, channel="sms")

    assert {key: row.granted for key, row in consents_of(customer).items()} == {
        "email": False,
        "sms": True,
    }


def test_saying_the_same_again_adds_no_row():
    customer = CustomerFactory()

    assert consent(customer, granted=True) == consent(customer, granted=True)
    assert Consent.objects.count() == 1


def test_a_consent_is_proof_and_never_changes():
    consent(CustomerFactory(), granted=False)

    for forbidden in (
        lambda: Consent.objects.update(granted=True),
        lambda: Consent.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()


def test_a_lunar_birthday_is_kept_as_one():
    enrolled = enrol_customer(
        phone="0912345678", birthday=Birthday(30, 2, 1990, lunar=True), at=NOON, by=None
    )

    assert Customer.objects.get(pk=enrolled.pk).birthday == Birthday(30, 2, 1990, lunar=True)


@pytest.mark.parametrize(
    "columns",
    [
        {"birth_day": 31, "birth_month": 1, "birth_lunar": True},
        {"birth_lunar": True},
        {"birth_day": 30, "birth_month": 2},
        {"birth_day": 31, "birth_month": 4},
    ],
)
def test_the_database_refuses_a_birthday_its_calendar_lacks(columns):
    with pytest.raises(DatabaseError, match="in_its_calendar"), transaction.atomic():
        CustomerFactory(**columns)
