"""Both sides of a referral are paid once, whoever settles it and whatever else they do meanwhile."""

from datetime import timedelta
from functools import partial

import pytest

from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import publish
from loyalty.purchases.referring import run_referrals, settle
from loyalty.purchases.refunds import void_purchase
from rewards.models import Referral
from rewards.redemption import redeem_reward
from rewards.referrals import ReferralRefused, code_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.referrals import bring, buy, shop_with_referrals
from tests.factories.rewards import RewardFactory
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TRIALS = rounds(usual=20, soak=300)


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_referrals()


def errors(outcomes):
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


def bonuses(referral):
    rows = Entry.objects.filter(source="referral", reference__startswith=f"{referral.pk}:")
    return sorted(rows.values_list("account_id", "points"))


def test_the_sale_itself_pays_at_once():
    referral = bring()

    buy(referral.friend)

    assert bonuses(referral) == sorted([(referral.friend_id, 10), (referral.referrer_id, 20)])


def test_sixteen_threads_pay_once(monkeypatch):
    monkeypatch.setattr("loyalty.purchases.recording.referring.after_sale", lambda *_a, **_k: None)
    for trial in range(TRIALS):
        referral = bring()
        buy(referral.friend)

        settled = partial(settle, referral_id=referral.pk, at=NOON)
        swept = partial(run_referrals, at=NOON)
        outcomes = together(*[settled] * 12, *[swept] * 4)

        assert errors(outcomes) == [], f"trial {trial}"
        assert bonuses(referral) == sorted([(referral.friend_id, 10), (referral.referrer_id, 20)])
    assert verify().problems == ()


def test_settling_beside_redemptions_of_both_sides_loses_nothing(monkeypatch):
    monkeypatch.setattr("loyalty.purchases.recording.referring.after_sale", lambda *_a, **_k: None)
    reward = RewardFactory(cost_points=5)
    for trial in range(TRIALS):
        # Ids in both orders, so that an unordered lock would meet its opposite.
        one, other = CustomerFactory(), CustomerFactory()
        referral = bring(referrer=other, friend=one)
        crossing = bring(referrer=CustomerFactory(), friend=other)
        for customer in (one, other):
            give_points(customer, 20)
            buy(customer)

        redeem = partial(redeem_reward, reward=reward, source="counter", at=NOON, by=None)
        outcomes = together(
            *(
                partial(redeem, customer=customer, reference=f"{trial}/{customer.pk}/{till}")
                for customer in (one, other)
                for till in range(4)
            ),
            partial(settle, referral_id=referral.pk, at=NOON),
            partial(settle, referral_id=crossing.pk, at=NOON),
        )

        assert errors(outcomes) == [], f"trial {trial}"
        # 20 given, 10 for the sale, the bonuses; four rewards of 5.
        assert Account.objects.get(pk=one.pk).balance == 20 + 10 + 10 - 20
        assert Account.objects.get(pk=other.pk).balance == 20 + 10 + 20 + 10 - 20
    assert verify().problems == ()


def test_friends_who_are_paid_for_at_once_keep_the_members_limit():
    version = ProgrammeVersion.objects.get()
    limited = version.document + "most_per_month = 2\n"
    publish(document=limited, effective_from=NOON - timedelta(days=1), at=NOON, by=None)
    for trial in range(TRIALS):
        member = CustomerFactory()
        referrals = [bring(referrer=member) for _friend in range(4)]

        together(*(partial(buy, one.friend, reference=f"{trial}/{one.pk}") for one in referrals))
        run_referrals(at=NOON)

        paid = Referral.objects.filter(referrer=member)
        assert paid.filter(state="paid").count() == 4, f"trial {trial}"
        assert paid.filter(referrer_entry__isnull=False).count() == 2, f"trial {trial}"
    assert verify().problems == ()


def test_a_void_beside_the_payment_leaves_nobody_a_bonus():
    for trial in range(TRIALS):
        referral = bring()
        sale = buy(referral.friend)
        void = partial(
            void_purchase,
            purchase=sale,
            source="counter",
            reference=f"void-{trial}",
            reason="",
            at=NOON,
            recorded_at=NOON,
            by=None,
        )

        outcomes = together(void, *[partial(settle, referral_id=referral.pk, at=NOON)] * 4)
        run_referrals(at=NOON)

        assert errors(outcomes) == [], f"trial {trial}"
        assert sum(points for _customer, points in bonuses(referral)) == 0
    assert verify().problems == ()


def test_two_who_bring_each_other_at_once_close_no_circle():
    for trial in range(TRIALS):
        ring = [CustomerFactory() for _member in range(4)]
        for member in ring:
            code_of(member)

        outcomes = together(
            *(partial(bring, referrer=ring[n - 1], friend=ring[n]) for n in range(4))
        )

        refused = errors(outcomes)
        assert [type(error) for error in refused] == [ReferralRefused], f"trial {trial}"


def test_a_code_asked_for_at_once_is_one_code():
    member = CustomerFactory()

    codes = together(*[partial(code_of, member)] * 8)

    assert len(set(codes)) == 1
