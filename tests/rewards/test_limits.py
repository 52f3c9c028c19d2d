"""Every limit of the catalogue is held when a reward is redeemed, with a reason people understand."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from loyalty.care.merging import merge_customers
from loyalty.ledger.models import Account
from loyalty.ledger.services import InsufficientPoints
from loyalty.statements import one_row
from loyalty.tiers.services import give_tier
from rewards.availability import Asking, Reason, period, why_not
from rewards.cancelling import cancel_redemption
from rewards.catalogue import InvalidCatalogue, dump, load
from rewards.models import Redemption, Reward, Voucher
from rewards.redemption import RewardUnavailable, redeem_reward
from rewards.vouchers import VoucherRefused, use_voucher
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)  # A Sunday.


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def redeem(customer, reward, reference="request-1", *, at=NOON, branch=None):
    return redeem_reward(
        customer=customer,
        reward=reward,
        source="counter",
        reference=reference,
        at=at,
        by=None,
        branch=branch,
    )


def refused(customer, reward, **more):
    """Why it is refused; nothing is written then, whatever it was."""
    before = (Redemption.objects.count(), Account.objects.count(), list(Reward.objects.values()))
    with pytest.raises(RewardUnavailable) as error:
        redeem(customer, reward, "refused", **more)
    after = (Redemption.objects.count(), Account.objects.count(), list(Reward.objects.values()))
    assert after == before
    return error.value.reason, str(error.value)


def lift(customer, tier_key):
    give_tier(
        customer=customer,
        tier_key=tier_key,
        through=TODAY + timedelta(days=30),
        reason="VIP",
        at=NOON,
        by=StaffFactory(role="owner"),
    )


def test_a_reward_is_had_from_its_first_day_through_its_last():
    customer = customer_with_points(1_000)
    reward = RewardFactory(name="Trà", starts_on=date(2026, 11, 23), ends_on=date(2026, 11, 24))

    assert refused(customer, reward) == (Reason.NOT_YET, "Trà được đổi từ ngày 23/11/2026.")
    redeem(customer, reward, "first", at=NOON + timedelta(days=1))
    redeem(customer, reward, "last", at=NOON + timedelta(days=2))
    assert refused(customer, reward, at=NOON + timedelta(days=3)) == (
        Reason.OVER,
        "Trà chỉ đổi được đến hết ngày 24/11/2026.",
    )


def test_a_reward_ends_when_its_vouchers_could_not_be_used_any_more():
    customer = customer_with_points(1_000)
    reward = RewardFactory(name="Trà", validity_days=None, valid_until=TODAY, usable_after_days=1)

    assert refused(customer, reward) == (
        Reason.OVER,
        "Trà chỉ đổi được đến hết ngày 21/11/2026.",
    )
    made = redeem(customer, reward, at=NOON - timedelta(days=1))
    assert (made.voucher.usable_from, made.voucher.expires_on) == (TODAY, TODAY)
    assert Voucher.objects.get().usable_from == TODAY


def test_a_reward_for_tiers_is_for_these_alone():
    plain, gold = customer_with_points(1_000), customer_with_points(1_000)
    lift(gold, "vang")
    reward = RewardFactory(name="Trà", tiers=["vang", "kim-cuong"])

    assert refused(plain, reward) == (
        Reason.OTHER_TIER,
        "Trà chỉ dành cho các hạng: Vàng, Kim cương.",
    )
    assert redeem(gold, reward).cost_points == 100
    assert refused(gold, reward, at=NOON + timedelta(days=40))[0] == Reason.OTHER_TIER


def test_a_retry_answers_though_the_tier_is_lost_meanwhile():
    gold = customer_with_points(1_000)
    lift(gold, "vang")
    reward = RewardFactory(tiers=["vang"])

    first = redeem(gold, reward)
    assert redeem(gold, reward, at=NOON + timedelta(days=40)).pk == first.pk


def test_early_access_opens_some_days_before_for_its_tiers():
    plain, gold = customer_with_points(1_000), customer_with_points(1_000)
    lift(gold, "vang")
    reward = RewardFactory(
        name="Trà", starts_on=TODAY + timedelta(days=3), early_tiers=["vang"], early_days=2
    )

    assert refused(gold, reward) == (Reason.NOT_YET, "Trà được đổi từ ngày 23/11/2026.")
    tomorrow = NOON + timedelta(days=1)
    assert redeem(gold, reward, at=tomorrow).cost_points == 100
    assert refused(plain, reward, at=tomorrow) == (
        Reason.NOT_YET,
        "Trà được đổi từ ngày 25/11/2026.",
    )


def test_a_reward_of_some_branches_is_redeemed_there_or_at_home():
    customer = customer_with_points(1_000)
    here, there = BranchFactory(key="a", name="Quán A"), BranchFactory(key="b", name="Quán B")
    reward = RewardFactory(name="Trà", branches=["a"])

    assert refused(customer, reward, branch=there) == (
        Reason.OTHER_BRANCH,
        "Trà chỉ đổi được tại: Quán A.",
    )
    redeem(customer, reward, "here", branch=here)
    redeem(customer, reward, "at home")


@pytest.mark.parametrize(
    ("per", "inside", "outside", "word"),
    [
        ("day", timedelta(hours=-11), timedelta(days=-1), "ngày"),
        ("week", timedelta(days=-6), timedelta(days=-7), "tuần"),
        ("month", timedelta(days=-21), timedelta(days=-22), "tháng"),
        ("year", timedelta(days=-325), timedelta(days=-326), "năm"),
    ],
)
def test_a_customer_has_it_so_often_in_a_period_of_the_shops_calendar(per, inside, outside, word):
    customer = customer_with_points(1_000)
    reward = RewardFactory(name="Trà", most_per_customer=1, most_per=per)
    redeem(customer, reward, "long ago", at=NOON + outside)

    first = redeem(customer, reward, "first", at=NOON + inside)

    assert refused(customer, reward) == (
        Reason.TOO_OFTEN,
        f"Mỗi khách đổi Trà tối đa 1 lần một {word}.",
    )
    cancel_redemption(redemption=first, source="till", reason="", at=NOON + inside, by=None)
    redeem(customer, reward, "the place is free again")
    redeem(customer_with_points(100), reward, "another customer")


def test_ever_is_ever_and_says_how_often():
    customer = customer_with_points(1_000)
    reward = RewardFactory(name="Trà", most_per_customer=2, most_per="ever")
    for days in (900, 400):
        redeem(customer, reward, f"r{days}", at=NOON - timedelta(days=days))

    assert refused(customer, reward) == (Reason.TOO_OFTEN, "Mỗi khách đổi Trà tối đa 2 lần.")


def test_two_rows_of_one_person_share_what_one_may_have():
    kept, duplicate = customer_with_points(1_000), customer_with_points(1_000)
    reward = RewardFactory(most_per_customer=1, most_per="month")
    redeem(duplicate, reward)
    merge_customers(
        kept=kept, duplicate=duplicate, reason="same phone", at=NOON, by=StaffFactory(role="owner")
    )

    for customer in (kept, Customer.objects.get(pk=duplicate.pk)):
        assert refused(customer, reward)[0] == Reason.TOO_OFTEN


def test_the_total_is_counted_and_a_cancelled_one_frees_its_place():
    reward = RewardFactory(name="Trà", most_total=1, redeemed_total=0, stock=5)
    made = redeem(customer_with_points(100), reward)

    reason, text = refused(customer_with_points(100), reward)
    assert (reason, text) == (Reason.ALL_REDEEMED, "Trà đã được đổi hết số lượt.")
    reward.refresh_from_db()
    assert (reward.stock, reward.redeemed_total) == (4, 1)
    cancel_redemption(redemption=made, source="till", reason="", at=NOON, by=None)
    reward.refresh_from_db()
    assert (reward.stock, reward.redeemed_total) == (5, 0)
    redeem(customer_with_points(100), reward, "again")


def test_the_database_itself_never_passes_the_total():
    reward = RewardFactory(most_total=1, redeemed_total=1)

    with pytest.raises(IntegrityError, match="reward_total_never_passed"), transaction.atomic():
        Reward.objects.filter(pk=reward.pk).update(redeemed_total=2)


def test_a_total_begins_with_what_was_redeemed_and_not_below_it():
    tea = '[[rewards]]\nkey = "tea"\nname = "Trà"\ncost_points = 10\n'
    load(tea, at=NOON)
    for number in range(3):
        redeem(customer_with_points(10), Reward.objects.get(), f"r{number}")
    cancelled = Redemption.objects.first()
    cancel_redemption(redemption=cancelled, source="till", reason="", at=NOON, by=None)

    with pytest.raises(InvalidCatalogue, match=r"rewards\[1\]\.most_total: .*2"):
        load(tea + "most_total = 1\n", at=NOON)
    load(tea + "most_total = 3\n", at=NOON)
    assert Reward.objects.get().redeemed_total == 2
    redeem(customer_with_points(10), Reward.objects.get(), "third")
    load(dump(), at=NOON)
    assert Reward.objects.get().redeemed_total == 3
    load(tea, at=NOON)
    assert Reward.objects.get().redeemed_total is None


def test_a_refusal_opens_no_account():
    reward, stranger = RewardFactory(cost_points=5, tiers=["vang"]), CustomerFactory()
    assert refused(stranger, reward)[0] == Reason.OTHER_TIER

    with pytest.raises(InsufficientPoints) as error:
        redeem(stranger, RewardFactory(cost_points=5))

    assert (error.value.needed, error.value.available) == (5, 0)
    assert not Account.objects.exists()


def test_only_a_reward_for_tiers_asks_for_the_tier(django_assert_num_queries):
    customer = customer_with_points(1_000)
    for place, columns in enumerate(
        [
            {"starts_on": TODAY, "early_tiers": ["vang"], "early_days": 3},
            {"most_per_customer": 9, "most_per": "week", "most_total": 9, "redeemed_total": 0},
            {"branches": ["a"], "stock": 4},
        ]
    ):
        reward = RewardFactory(**columns)
        with django_assert_num_queries(1):
            redeem(customer, reward, f"request-{place}")


def test_a_voucher_is_used_from_its_first_day_and_where_its_reward_is_had():
    customer, cashier = customer_with_points(1_000), StaffFactory()
    here = BranchFactory(key="a", name="Quán A")
    reward = RewardFactory(branches=["a"], usable_after_days=1)
    voucher = redeem(customer, reward, branch=here).voucher

    def use(branch, at):
        return use_voucher(voucher=voucher, reference="use", branch=branch, at=at, by=cashier)

    with pytest.raises(VoucherRefused, match="23/11/2026"):
        use(here, NOON)
    for branch in (cashier.branch, None):
        with pytest.raises(VoucherRefused, match="Quán A"):
            use(branch, NOON + timedelta(days=1))
    assert Voucher.objects.get().state == "issued"
    assert use(here, NOON + timedelta(days=1)).used_branch == here


DAYS = st.integers(-3, 3).map(lambda days: TODAY + timedelta(days=days))


@st.composite
def rewards(draw):
    starts_on = draw(st.none() | DAYS)
    early = draw(st.booleans()) if starts_on else False
    total = draw(st.none() | st.integers(1, 3))
    often = draw(st.none() | st.integers(1, 2))
    valid_until = draw(st.none() | DAYS)
    return {
        "is_active": draw(st.sampled_from([True, True, True, False])),
        "stock": draw(st.none() | st.integers(0, 2)),
        "most_total": total,
        "redeemed_total": None if total is None else draw(st.integers(0, total)),
        "most_per_customer": often,
        "most_per": draw(st.sampled_from(Reward.Per.values)) if often else "",
        "starts_on": starts_on,
        "ends_on": draw(st.none() | DAYS.filter(lambda day: not starts_on or day >= starts_on)),
        "early_tiers": ["vang"] if early else [],
        "early_days": draw(st.integers(1, 3)) if early else None,
        "tiers": draw(st.sampled_from([[], [], ["vang"], ["moi", "bac"]])),
        "branches": draw(st.sampled_from([[], [], ["a"], ["a", "b"]])),
        "usable_after_days": draw(st.integers(0, 2)),
        "validity_days": None if valid_until else 30,
        "valid_until": valid_until,
    }


CALL = "SELECT outcome FROM rewards_redeem('t', %s, %s, %s, %s::timestamptz, NULL, %s, %s, %s::text, %s)"


@settings(
    max_examples=rounds(usual=150, soak=2_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    columns=rewards(),
    tier_key=st.sampled_from(["moi", "bac", "vang"]),
    branch_key=st.sampled_from([None, "a", "b"]),
    past=st.lists(st.integers(0, 40), max_size=3),
    hour=st.sampled_from([0, 12, 23]),
)
@example(columns={}, tier_key="moi", branch_key=None, past=[], hour=0)
def test_screens_say_what_the_write_decides(columns, tier_key, branch_key, past, hour):
    at = NOON.astimezone(SAIGON).replace(hour=hour, minute=30)
    with transaction.atomic():
        customer, reward = customer_with_points(1_000), RewardFactory(cost_points=10)
        for number, days in enumerate(past):
            redeem(customer, reward, f"past-{number}", at=at - timedelta(days=days))
        Reward.objects.filter(pk=reward.pk).update(**columns)
        reward.refresh_from_db()
        span = period(reward.most_per, on=TODAY, zone=SAIGON)
        had = Redemption.objects.filter(**({"redeemed_at__range": span} if span else {})).count()
        asking = Asking(on=TODAY, tier_key=tier_key, branch_key=branch_key, had=had)

        (written,) = one_row(
            CALL, ["new", customer.pk, reward.pk, at, "A" * 8, "B" * 22, branch_key, tier_key]
        )

        assert (why_not(reward, asking) or "redeemed") == written
        transaction.set_rollback(True)


def test_the_words_of_the_database_are_those_of_the_screens():
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'rewards_redeem'")
        (source,) = cursor.fetchone()

    assert [reason for reason in Reason if f"'{reason}'" not in source] == []
