"""A customer who was merged into another is found, signed in and heard as that other one."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns import unsubscribe
from campaigns.models import Channel
from customers.models import Consent, Customer
from customers.queries import customer_meant, find_customers, numbers_of
from customers.services import AlreadyEnrolled, enrol_customer
from customers.signin import (
    check_code,
    code_of,
    member_of_session,
    open_session,
    start_sign_in,
)
from tests.factories.campaigns import says
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    kept = CustomerFactory(name="Trần Thị Lan", external_id="KH-1")
    merged = CustomerFactory(
        name="Lan Trần", external_id="KH-2", email="lan@example.com", merged_into=kept
    )
    return kept, merged


def merge(*customers, into):
    """As far as the customers' rows go, and as if the transaction ended."""
    with transaction.atomic():
        Customer.objects.filter(pk__in=[one.pk for one in customers]).update(merged_into=into)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("by", ["phone", "card_number", "card_token", "external_id", "email"])
def test_whatever_names_a_merged_customer_finds_the_kept_one(pair, by):
    kept, merged = pair
    merged.refresh_from_db()

    assert find_customers(getattr(merged, by)) == [kept]


def test_a_name_that_both_have_finds_the_kept_one_once(pair):
    kept, _merged = pair

    assert find_customers("lan") == [kept]


def test_the_merged_one_signs_in_by_their_phone_as_the_kept_one(pair):
    kept, merged = pair
    challenge = start_sign_in(identifier=merged.phone, at=NOON)

    signed_in = check_code(challenge_id=challenge.pk, code=code_of(challenge), at=NOON)

    assert (challenge.customer, signed_in) == (merged, kept)


def test_a_browser_that_was_signed_in_before_is_the_kept_ones(pair):
    kept, merged = pair

    token = open_session(customer=merged, at=NOON)

    assert member_of_session(token, at=NOON + timedelta(days=1)) == kept


@pytest.mark.parametrize("by", ["phone", "email", "external_id"])
def test_enrolling_a_merged_customer_again_says_they_are_the_kept_one(pair, by):
    kept, merged = pair

    with pytest.raises(AlreadyEnrolled) as refused:
        enrol_customer(**{"phone": "", "at": NOON, "by": None, by: getattr(merged, by)})

    assert refused.value.customer == kept


def test_what_a_merged_customer_says_to_adverts_the_kept_one_said(pair):
    kept, merged = pair
    merged.merged_into = None  # As it was read before the merge.

    said = says(merged, Channel.SMS, granted=True)
    unsubscribe.refuse(customer=merged, channel=Channel.SMS, at=NOON)

    assert said.customer == kept
    words = Consent.objects.order_by("pk").values_list("customer", "granted")
    assert list(words) == [(kept.pk, True), (kept.pk, False)]


def test_an_old_unsubscribe_link_is_about_the_kept_one(pair):
    kept, merged = pair
    link = unsubscribe.link_for(customer_id=merged.pk, channel=Channel.SMS)

    assert unsubscribe.read_link(link.rstrip("/").split("/")[-1]).customer == kept


def test_the_numbers_of_a_customer_are_the_same_whichever_is_asked_for(pair):
    kept, merged = pair
    CustomerFactory()

    assert numbers_of(kept.pk) == numbers_of(merged.pk) == {kept.pk, merged.pk}


def test_nobody_is_merged_into_themselves():
    customer = CustomerFactory()

    with pytest.raises(IntegrityError, match="customer_not_merged_into_itself"):
        merge(customer, into=customer)


def test_nobody_is_merged_into_one_who_is_merged(pair):
    kept, merged = pair
    third = CustomerFactory()

    for customer, into in ((third, merged), (kept, third), (kept, merged)):
        with pytest.raises(IntegrityError, match="customer_merged_in_one_step"):
            merge(customer, into=into)


def test_the_kept_one_is_merged_together_with_those_merged_into_them(pair):
    kept, merged = pair
    third = CustomerFactory()

    merge(kept, merged, into=third)

    assert numbers_of(merged.pk) == {kept.pk, merged.pk, third.pk}


@pytest.mark.parametrize("column", ["id", "phone", "card_number", "card_token"])
def test_who_is_meant_is_found_by_their_number_alone(column, django_assert_num_queries):
    kept, other = CustomerFactory(), CustomerFactory()
    merged = CustomerFactory(merged_into=kept)
    for row in (kept, other, merged):
        row.refresh_from_db()

    with django_assert_num_queries(3):
        found = [customer_meant(column, getattr(row, column)) for row in (kept, other, merged)]

    assert [one.pk for one in found] == [kept.pk, other.pk, kept.pk]
    assert [one.kept_id for one in found] == [kept.pk, other.pk, kept.pk]
    assert found[0].name == kept.name
    assert customer_meant(column, 0 if column == "id" else "nothing") is None
