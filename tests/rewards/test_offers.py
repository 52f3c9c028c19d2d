"""What the catalogue has for a customer, and why not."""

from datetime import date, timedelta

import pytest

from loyalty.tiers.services import give_tier
from rewards.availability import Reason
from rewards.offers import Offer, in_the_window, offered, offers_for, reason_of
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory, shop_with_programme

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def offers(customer, **more):
    return offers_for(customer.pk, usable=286, at=NOON, zone=SAIGON, **more)


def redeem(customer, reward, *, at=NOON, reference="r"):
    redeem_reward(customer=customer, reward=reward, source="s", reference=reference, at=at, by=None)


def test_offers_say_what_is_missing_and_what_is_gone():
    customer = CustomerFactory()
    cheap, dear = RewardFactory(cost_points=40), RewardFactory(cost_points=320)
    gone = RewardFactory(stock=0, cost_points=10)
    taken = RewardFactory(most_total=2, redeemed_total=2, cost_points=10)
    RewardFactory(is_active=False)
    RewardFactory(ends_on=TODAY - timedelta(days=1))
    RewardFactory(validity_days=None, valid_until=TODAY - timedelta(days=1))

    assert offers(customer) == [
        Offer(cheap, 0),
        Offer(dear, 34),
        Offer(gone, 0, Reason.SOLD_OUT),
        Offer(taken, 0, Reason.ALL_REDEEMED),
    ]
    assert offered(on=TODAY) == [cheap, dear, gone, taken]
    assert in_the_window(on=TODAY) == [cheap, dear]


def test_offers_say_when_they_open_for_this_customer():
    customer = customer_with_points(1_000)
    starts_on = TODAY + timedelta(days=5)
    early = RewardFactory(starts_on=starts_on, early_tiers=["bac"], early_days=2)
    gold = RewardFactory(tiers=["vang"])
    monthly = RewardFactory(most_per_customer=1, most_per="month")
    once = RewardFactory(most_per_customer=1, most_per="ever")
    there = RewardFactory(branches=["a"])
    redeem(customer, monthly, reference="r1")
    redeem(customer, once, at=NOON - timedelta(days=800), reference="r2")

    def told(**more):
        found = {offer.reward: (offer.reason, offer.opens_on) for offer in offers(customer, **more)}
        return [found[reward] for reward in (early, gold, monthly, once, there)]

    assert told() == [
        (Reason.NOT_YET, starts_on),
        (Reason.OTHER_TIER, None),
        (Reason.TOO_OFTEN, date(2026, 12, 1)),
        (Reason.TOO_OFTEN, None),
        (None, None),
    ]
    assert told(tier_key="bac", branch_key="b")[0] == (Reason.NOT_YET, date(2026, 11, 25))
    assert told(branch_key="b")[-1] == (Reason.OTHER_BRANCH, None)
    give_tier(
        customer=customer,
        tier_key="vang",
        through=TODAY,
        reason="VIP",
        at=NOON,
        by=StaffFactory(role="owner"),
    )
    assert told()[1] == (None, None)


def test_one_reward_for_one_customer():
    customer = customer_with_points(1_000)
    reward = RewardFactory(most_per_customer=1, most_per="week")

    def reason():
        return reason_of(reward, customer.pk, at=NOON, zone=SAIGON, tier_key="moi", branch_key="a")

    assert reason() is None
    redeem(customer, reward)
    assert reason() is Reason.TOO_OFTEN


@pytest.mark.parametrize("count", [1, 3])
def test_offers_take_as_many_queries_however_many_there_are(count, django_assert_num_queries):
    customer = customer_with_points(1_000)
    RewardFactory.create_batch(count)
    with django_assert_num_queries(1):
        offers(customer)

    RewardFactory.create_batch(count, most_per_customer=1, most_per="day", branches=["a"])
    with django_assert_num_queries(2):
        offers(customer)

    RewardFactory.create_batch(count, tiers=["vang"])
    with django_assert_num_queries(4):
        offers(customer)
    with django_assert_num_queries(2):
        offers(customer, tier_key="moi")
