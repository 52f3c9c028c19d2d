"""Signing in by code: five minutes, five tries, once, on one's own browser."""

from datetime import timedelta

import pytest

from customers.models import MemberSession, SignInChallenge
from customers.signin import (
    TooManyCodes,
    WrongCode,
    check_code,
    code_of,
    end_session,
    member_of_session,
    open_session,
    start_sign_in,
)
from loyalty.errors import InvalidInput
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import ShopFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(db):
    ShopFactory()
    return CustomerFactory(phone="+84912345678", email="thao@example.com")


def start(identifier="0912 345 678", at=NOON):
    return start_sign_in(identifier=identifier, at=at)


def check(challenge, code, at=NOON):
    return check_code(challenge_id=challenge.pk, code=code, at=at)


def wrong(challenge):
    return f"{(int(code_of(challenge)) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize("identifier", ["0912345678", "+84 912 345 678", "Thao@Example.com"])
def test_the_code_of_ones_phone_or_address_signs_in(customer, identifier):
    challenge = start(identifier)

    assert check(challenge, f" {code_of(challenge)} ") == customer


def test_codes_are_six_digits_that_differ(customer):
    codes = {code_of(start(at=NOON + timedelta(days=day))) for day in range(9)}

    assert len(codes) > 1
    assert all(len(code) == 6 and code.isdigit() for code in codes)


def test_no_code_is_stored(customer):
    challenge = start()

    stored = " ".join(map(str, SignInChallenge.objects.values_list().get()))
    assert code_of(challenge) not in stored
    assert "912345678" not in stored


def test_a_code_works_once(customer):
    challenge = start()
    check(challenge, code_of(challenge))

    with pytest.raises(WrongCode):
        check(challenge, code_of(challenge))


def test_a_code_lives_five_minutes(customer):
    challenge = start()

    with pytest.raises(WrongCode):
        check(challenge, code_of(challenge), at=NOON + timedelta(minutes=5))
    assert check(challenge, code_of(challenge), at=NOON + timedelta(seconds=299)) == customer


def test_the_sixth_try_is_refused_even_with_the_right_code(customer):
    challenge = start()
    for _try in range(5):
        with pytest.raises(WrongCode):
            check(challenge, wrong(challenge))

    with pytest.raises(WrongCode):
        check(challenge, code_of(challenge))


def test_only_the_newest_code_counts(customer):
    old, new = start(), start()

    with pytest.raises(WrongCode):
        check(old, code_of(old))
    assert check(new, code_of(new)) == customer


def test_ten_codes_a_day_and_no_more(customer):
    for minute in range(10):
        start(at=NOON + timedelta(minutes=minute))

    with pytest.raises(TooManyCodes):
        start(at=NOON + timedelta(hours=23))
    assert start(at=NOON + timedelta(hours=24, minutes=1)).customer == customer


def test_an_unknown_phone_gets_a_challenge_that_nothing_opens(customer, django_assert_num_queries):
    unknown = start("0987 654 321")

    assert unknown.customer is None
    with pytest.raises(WrongCode):
        check(unknown, code_of(unknown))


def test_known_and_unknown_take_the_same_queries(customer, django_assert_max_num_queries):
    counts = []
    for identifier in ("0912345678", "0987654321"):
        with django_assert_max_num_queries(10) as captured:
            start(identifier)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("code", ["", "é", "１２３４５６", "٣" * 6, "\x00"])
def test_a_code_in_other_letters_is_only_wrong(customer, code):
    with pytest.raises(WrongCode):
        check(start(), code)


@pytest.mark.parametrize(
    "lookalike", ["ıan@example.com", "LINſAY@example.com", "lin\u212aay@example.com"]
)
def test_an_address_that_only_looks_like_a_members_is_refused(customer, lookalike):
    with pytest.raises(InvalidInput):
        start(lookalike)


@pytest.mark.parametrize("identifier", ["", "abc", "0912", "a@", "\x00"])
def test_what_is_neither_phone_nor_address_is_refused(customer, identifier):
    with pytest.raises(InvalidInput):
        start(identifier)


def test_a_session_is_known_by_its_token_until_it_ends(customer):
    token = open_session(customer=customer, at=NOON)

    assert member_of_session(token, at=NOON + timedelta(days=179)) == customer
    assert member_of_session(token, at=NOON + timedelta(days=181)) is None
    assert member_of_session(token + "x", at=NOON) is None
    assert token not in MemberSession.objects.get().token_digest

    end_session(token)
    end_session(token)
    assert member_of_session(token, at=NOON) is None
