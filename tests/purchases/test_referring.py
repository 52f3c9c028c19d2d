"""From a friend's first purchase to the points of both: when, how many, once, and back again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.programme.versions import publish
from loyalty.purchases.referring import run_referrals, settle
from loyalty.purchases.refunds import void_purchase
from rewards.models import Referral
from rewards.redemption import redeem_reward
from rewards.referrals import ReferralRefused
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import RULES, bonuses, bring, buy, give_back, shop_with_referrals
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.purchases.sales_files import bring_in, file_of

pytestmark = pytest.mark.django_db
State = Referral.State
DAY = timedelta(days=1)


@pytest.fixture
def shop(db):
    return shop_with_referrals()


@pytest.fixture(autouse=True)
def sound():
    yield
    assert verify().problems == ()


def test_both_get_their_points_with_the_friends_first_purchase(
    shop, django_capture_on_commit_callbacks
):
    referral = bring()

    with django_capture_on_commit_callbacks(execute=True):
        sale = buy(referral.friend, 50_000)

    assert bonuses() == [(referral.friend_id, 10, "earn"), (referral.referrer_id, 20, "earn")]
    referral.refresh_from_db()
    assert (referral.state, referral.paid_at, referral.reason) == (State.PAID, NOON, "")
    assert (referral.sale_source, referral.sale_reference) == ("counter", sale.reference)
    friend, referrer = referral.friend_entry, referral.referrer_entry
    assert (friend.reference, referrer.reference) == (
        f"{referral.pk}:friend",
        f"{referral.pk}:referrer",
    )
    assert friend.explanation == {"referral": referral.pk, "side": "friend", "points": 10}
    assert friend.programme_version == shop
    assert friend.lot.expires_on == referrer.lot.expires_on == date(2027, 2, 20)


def test_points_without_an_end_of_their_own_end_as_all_points_do():
    shop_with_programme(RULES + "[referral]\nfriend_points = 10\n")
    referral = bring()
    buy(referral.friend)

    run_referrals(at=NOON)

    assert [entry.lot.expires_on for entry in Entry.objects.filter(source="referral")] == [
        date(2027, 11, 30)
    ]


def test_the_sweep_finds_what_a_crash_between_the_two_left(shop):
    referrals = [bring() for _friend in range(3)]
    for referral in referrals:
        buy(referral.friend)

    assert run_referrals(at=NOON) == 3
    assert run_referrals(at=NOON) == 0
    assert len(bonuses()) == 6
    assert {referral.state for referral in Referral.objects.all()} == {State.PAID}


def test_a_bill_below_the_smallest_does_not_count_and_the_next_one_does(shop):
    referral = bring()
    buy(referral.friend, 49_999)
    assert run_referrals(at=NOON) == 0

    sale = buy(referral.friend, 50_000)
    run_referrals(at=NOON)

    assert Referral.objects.get().sale_reference == sale.reference
    assert len(bonuses()) == 2


def test_a_friend_who_never_buys_earns_nobody_anything(shop):
    bring()
    buy(CustomerFactory())

    assert (run_referrals(at=NOON + 400 * DAY), bonuses()) == (0, [])


def test_who_has_bought_is_no_new_friend(shop):
    customer = CustomerFactory()
    buy(customer, 1_000)

    with pytest.raises(ReferralRefused, match="đã mua hàng ở đây"):
        bring(friend=customer)
    assert Referral.objects.count() == 0


def test_a_sale_that_was_voided_leaves_the_customer_new(shop):
    customer = CustomerFactory()
    void_purchase(
        purchase=buy(customer),
        source="counter",
        reference="void-1",
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )

    assert bring(friend=customer).state == State.OPEN


def test_the_same_code_again_after_the_purchase_is_a_retry_and_no_refusal(shop):
    referral = bring()
    buy(referral.friend)

    assert bring(referrer=referral.referrer, friend=referral.friend) == referral


def test_an_older_purchase_that_is_imported_later_shows_the_friend_was_not_new(shop):
    referral = bring()
    buy(referral.friend)
    buy(referral.friend, 10_000, at=NOON - DAY, recorded_at=NOON)

    run_referrals(at=NOON)

    referral.refresh_from_db()
    assert (referral.state, referral.reason, bonuses()) == (State.REFUSED, "not_new", [])


def test_a_programme_without_the_section_takes_no_code_and_pays_nothing():
    shop_with_programme(RULES)

    with pytest.raises(ReferralRefused, match="không tặng điểm giới thiệu"):
        bring()
    assert run_referrals(at=NOON) == 0


def test_the_rules_of_the_day_of_the_purchase_pay(shop):
    referral = bring(at=NOON - 2 * DAY)
    later = shop_with_referrals().document.replace("friend_points = 10", "friend_points = 77")
    publish(document=later, effective_from=NOON - DAY, at=NOON, by=None)
    buy(referral.friend)

    run_referrals(at=NOON)

    assert bonuses()[0] == (referral.friend_id, 77, "earn")


def test_enrolling_can_be_enough(django_capture_on_commit_callbacks):
    shop_with_programme(RULES + '[referral]\nevent = "enrolment"\nreferrer_points = 5\n')

    with django_capture_on_commit_callbacks(execute=True):
        referral = bring()

    assert bonuses() == [(referral.referrer_id, 5, "earn")]
    assert run_referrals(at=NOON) == 0


def test_the_sweep_pays_for_enrolments_too():
    shop_with_programme(RULES + '[referral]\nevent = "enrolment"\nfriend_points = 5\n')
    referral = bring()

    assert run_referrals(at=NOON) == 1
    assert bonuses() == [(referral.friend_id, 5, "earn")]


# Waiting days


def waiting() -> Referral:
    shop_with_referrals("wait_days = 14")
    referral = bring()
    buy(referral.friend)
    run_referrals(at=NOON)
    referral.refresh_from_db()
    assert (referral.state, bonuses()) == (State.DUE, [])
    return referral


def test_points_wait_their_days_and_come_with_the_first_instant_of_the_last():
    referral = waiting()
    day = datetime(2026, 12, 5, 17, 0, tzinfo=UTC)  # 6 December, 0:00 in the shop.
    assert referral.due_at == day

    assert run_referrals(at=day - timedelta(microseconds=1)) == 0
    assert run_referrals(at=day) == 1

    assert bonuses() == [(referral.friend_id, 10, "earn"), (referral.referrer_id, 20, "earn")]


def test_a_late_sweep_pays_as_of_the_day_it_was_due():
    waiting()

    run_referrals(at=NOON + 60 * DAY)

    for entry in Entry.objects.filter(source="referral"):
        assert entry.occurred_at == datetime(2026, 12, 5, 17, 0, tzinfo=UTC)
        assert entry.recorded_at == NOON + 60 * DAY
        assert entry.lot.expires_on == date(2027, 3, 6)


@pytest.mark.parametrize(
    ("returned", "state"), [(50_000, "due"), (50_001, "refused"), (100_000, "refused")]
)
def test_a_purchase_returned_before_the_points_came_earns_none(returned, state):
    referral = waiting()
    sale = referral.friend.purchases.get()

    give_back(sale, returned)
    run_referrals(at=NOON)

    referral.refresh_from_db()
    assert (referral.state, bonuses()) == (state, [])
    assert referral.reason == ("returned" if state == "refused" else "")


def test_a_purchase_returned_after_them_takes_both_bonuses_back(
    shop, django_capture_on_commit_callbacks
):
    referral = bring()
    sale = buy(referral.friend)
    run_referrals(at=NOON)

    with django_capture_on_commit_callbacks(execute=True):
        give_back(sale, 60_000)

    assert bonuses()[2:] == [
        (referral.friend_id, -10, "reverse"),
        (referral.referrer_id, -20, "reverse"),
    ]
    referral.refresh_from_db()
    assert (referral.state, referral.reason) == (State.TAKEN_BACK, "returned")
    assert Account.objects.get(pk=referral.referrer_id).balance == 0
    assert run_referrals(at=NOON) == 0
    buy(referral.friend)
    assert run_referrals(at=NOON) == 0


def test_bonuses_that_were_spent_are_owed(shop):
    referral = bring()
    sale = buy(referral.friend)
    run_referrals(at=NOON)
    redeem_reward(
        customer=referral.referrer,
        reward=RewardFactory(cost_points=20),
        source="counter",
        reference="r-1",
        at=NOON,
        by=None,
    )

    give_back(sale, 100_000)
    run_referrals(at=NOON)

    assert Account.objects.get(pk=referral.referrer_id).balance == -20


def test_settling_again_changes_nothing(shop):
    referral = bring()
    buy(referral.friend)

    first = settle(referral_id=referral.pk, at=NOON)
    again = settle(referral_id=referral.pk, at=NOON + DAY)

    assert (first.state, again.state, again.paid_at) == (State.PAID, State.PAID, NOON)
    assert len(bonuses()) == 2


def test_the_command_says_how_many_changed(shop, capsys):
    buy(bring().friend)

    call_command("run_referrals", "--json", "--at", NOON.isoformat())
    call_command("run_referrals", "--at", NOON.isoformat())

    assert capsys.readouterr().out == '{"referrals_changed": 1}\nreferrals changed: 0\n'


def test_a_purchase_that_comes_in_a_file_is_found_by_the_sweep(shop, tmp_path):
    referral = bring(friend=CustomerFactory(phone="+84912345678"))
    row = ",0912345678,,2026-11-22,60000,"
    bring_in(file_of(tmp_path, row), at=NOON + DAY)
    assert bonuses() == []

    assert run_referrals(at=NOON + DAY) == 1

    assert bonuses() == [(referral.friend_id, 10, "earn"), (referral.referrer_id, 20, "earn")]
