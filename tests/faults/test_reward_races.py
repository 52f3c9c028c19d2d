"""Many tills at once never pass a limit of the catalogue, and never stay below it either."""

from functools import partial

import pytest

from loyalty.ledger.proof import verify
from rewards.cancelling import cancel_redemption
from rewards.catalogue import load
from rewards.models import Redemption, Reward
from rewards.redemption import RewardUnavailable, redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TRIALS = rounds(usual=20, soak=300)
TILLS = 8


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


def redeem(customer, reward, reference):
    return redeem_reward(
        customer=customer, reward=reward, source="counter", reference=reference, at=NOON, by=None
    )


def cancel(redemption):
    return cancel_redemption(redemption=redemption, source="till", reason="", at=NOON, by=None)


def kinds(outcomes):
    return sorted(type(outcome).__name__ for outcome in outcomes)


def test_one_customer_at_eight_tills_has_it_as_often_as_allowed():
    customer = customer_with_points(10 * 3 * TRIALS)
    for trial in range(TRIALS):
        often = (1, 3)[trial % 2]
        reward = RewardFactory(cost_points=10, most_per_customer=often, most_per="month")

        outcomes = together(
            *(partial(redeem, customer, reward, f"{trial}/{till}") for till in range(TILLS))
        )

        said = kinds(outcomes)
        assert said == ["Redemption"] * often + ["RewardUnavailable"] * (TILLS - often), trial
    assert verify().problems == ()


def test_eight_customers_share_a_total_of_three():
    customers = [customer_with_points(10 * TRIALS) for _ in range(TILLS)]
    for trial in range(TRIALS):
        reward = RewardFactory(cost_points=10, most_total=3, redeemed_total=0)

        outcomes = together(
            *(partial(redeem, customer, reward, f"{trial}/{customer.pk}") for customer in customers)
        )

        assert kinds(outcomes) == ["Redemption"] * 3 + ["RewardUnavailable"] * 5, trial
        reward.refresh_from_db()
        assert reward.redeemed_total == 3
    assert verify().problems == ()


def test_places_given_back_meanwhile_are_neither_lost_nor_given_twice():
    customers = [customer_with_points(10 * 2 * TRIALS) for _ in range(TILLS)]
    for trial in range(TRIALS):
        reward = RewardFactory(cost_points=10, most_total=4, redeemed_total=0, stock=4)
        made = [
            redeem(customer, reward, f"{trial}/old/{customer.pk}") for customer in customers[:4]
        ]

        together(
            *(partial(cancel, one) for one in made),
            *(
                partial(redeem, customer, reward, f"{trial}/new/{customer.pk}")
                for customer in customers[4:]
            ),
        )

        standing = Redemption.objects.filter(reward=reward, cancelling_entry=None).count()
        reward.refresh_from_db()
        assert (reward.redeemed_total, reward.stock) == (standing, 4 - standing), trial
    assert verify().problems == ()


def test_a_total_set_while_people_redeem_counts_them_all():
    tea = '[[rewards]]\nkey = "tea"\nname = "Trà"\ncost_points = 10\n'
    customers = [customer_with_points(10 * TRIALS) for _ in range(TILLS)]
    for trial in range(TRIALS):
        load(tea, at=NOON)
        reward = Reward.objects.get()
        made = redeem(customers[0], reward, f"{trial}/old")

        outcomes = together(
            *(
                partial(redeem, customer, reward, f"{trial}/{customer.pk}")
                for customer in customers[1:]
            ),
            partial(cancel, made),
            partial(load, tea + "most_total = 100_000\n", at=NOON),
        )

        assert [one for one in outcomes if isinstance(one, Exception)] == [], trial
        reward.refresh_from_db()
        assert reward.redeemed_total == Redemption.objects.filter(cancelling_entry=None).count()


def test_refused_strangers_leave_no_account_however_many_ask():
    reward = RewardFactory(cost_points=10, most_total=1, redeemed_total=1)
    strangers = [CustomerFactory() for _ in range(TILLS)]

    outcomes = together(*(partial(redeem, who, reward, f"{who.pk}") for who in strangers))

    assert {type(outcome) for outcome in outcomes} == {RewardUnavailable}
    assert verify().accounts == 0
