"""Referrals of customers who were merged into others: one person is paid once."""

import psycopg
import pytest

from customers.models import Customer
from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.purchases.referring import run_referrals
from rewards.models import Referral
from rewards.referrals import ReferralRefused, code_of, referrer_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import bring, buy, shop_with_referrals
from tests.support.database import name, owner_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_referrals()
    yield
    assert verify().problems == ()


def merge(merged, *, into):
    """As a merge leaves a customer who never had points or sales."""
    Customer.objects.filter(pk=merged.pk).update(merged_into=into)
    with psycopg.connect(owner_url(name())) as owner:
        owner.execute(
            "INSERT INTO ledger_account (customer_id, balance, closed_at) VALUES (%s, 0, now())"
            " ON CONFLICT (customer_id) DO UPDATE SET closed_at = now()",
            [merged.pk],
        )


def bonuses():
    rows = Entry.objects.filter(source="referral")
    return sorted(rows.values_list("account_id", "points"))


def told(referral):
    referral.refresh_from_db()
    return (referral.state, referral.reason)


def test_the_points_of_a_merged_friend_are_the_kept_ones():
    referral, kept = bring(), CustomerFactory()
    merge(referral.friend, into=kept)

    buy(kept)

    assert bonuses() == [(referral.referrer_id, 20), (kept.pk, 10)]


def test_the_points_of_a_merged_member_are_the_kept_ones():
    referral, kept = bring(), CustomerFactory()
    merge(referral.referrer, into=kept)

    buy(referral.friend)

    assert bonuses() == [(referral.friend_id, 10), (kept.pk, 20)]


def test_a_member_merged_with_their_friend_is_paid_nothing():
    referral = bring()
    merge(referral.friend, into=referral.referrer)

    buy(referral.referrer)

    assert (told(referral), bonuses()) == (("refused", "one_customer"), [])


def test_a_friend_brought_twice_under_two_numbers_is_paid_for_once():
    first, second = bring(), bring()
    merge(second.friend, into=first.friend)

    buy(first.friend)
    run_referrals(at=NOON)

    assert bonuses() == [(first.friend_id, 10), (first.referrer_id, 20)]
    assert (told(first), told(second)) == (("paid", ""), ("refused", "brought_before"))


def test_a_merged_members_code_is_the_kept_ones():
    kept, merged = CustomerFactory(), CustomerFactory()
    code = code_of(merged)
    merge(merged, into=kept)

    assert referrer_of(code) == kept
    assert bring(referrer=merged).referrer == kept


def test_a_merged_friend_is_not_brought_again_as_the_kept_one():
    referral, kept = bring(), CustomerFactory()
    merge(referral.friend, into=kept)

    with pytest.raises(ReferralRefused, match="đã được thành viên khác"):
        bring(friend=kept)
    assert bring(referrer=referral.referrer, friend=kept) == referral
    assert Referral.objects.count() == 1
