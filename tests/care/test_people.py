"""Whatever is known, said, bought and held by the duplicate, after a merge and after its undoing."""

from datetime import timedelta

import pytest

from campaigns.journeys import enqueue_due
from campaigns.models import Channel, Message
from campaigns.outbox import claim_due
from customers.models import Consent, Customer
from customers.queries import consents_of
from loyalty.care.parting import CannotPart
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Activity, Purchase
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.refunds import refund_purchase
from loyalty.tiers.models import Qualification, Standing, TierChange, TierFloor
from loyalty.tiers.services import give_tier
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Voucher
from rewards.redemption import redeem_reward
from rewards.vouchers import find_voucher, use_voucher
from tests.care.conftest import TODAY
from tests.factories.campaigns import (
    BirthdayCustomerFactory,
    MessageFactory,
    birthday_campaign,
    says,
)
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.faults.deeds import buy

DAY = timedelta(days=1)
MILLION = 1_000_000


def activity(customer):
    row = Activity.objects.filter(pk=customer.pk).first()
    return (row.first_on, row.last_on, row.purchases, row.spend_minor) if row else None


def standing(customer):
    row = Standing.objects.filter(pk=customer.pk).first()
    return (row.tier_key, row.spend_minor, row.points, row.visits, row.since) if row else None


def refund(purchase, amount_minor, reference="R"):
    return refund_purchase(
        purchase=purchase, amount_minor=amount_minor, source="till", reference=reference,
        reason="", at=NOON, recorded_at=NOON, by=None,
    )  # fmt: skip


def redeem(customer, reference="redeem", points=100):
    reward = RewardFactory(cost_points=points)
    return redeem_reward(
        customer=customer, reward=reward, source="till", reference=reference, at=NOON, by=None
    )


def test_purchases_and_what_they_come_to_are_the_kept_ones(merge, undo, proven):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    buy(kept, "1", amount_minor=2 * MILLION, at=NOON - 40 * DAY)
    buy(duplicate, "2", amount_minor=MILLION, at=NOON - 20 * DAY)
    before = [(activity(one), standing(one)) for one in (kept, duplicate)]

    done = merge(kept, duplicate)

    assert set(Purchase.objects.values_list("customer", flat=True)) == {kept.pk}
    assert activity(kept) == ((NOON - 40 * DAY).date(), (NOON - 20 * DAY).date(), 2, 3 * MILLION)
    assert standing(kept)[:4] == ("vang", 3 * MILLION, 300, 2)
    assert (activity(duplicate), standing(duplicate)) == (None, None)
    proven()

    undo(done)

    assert [(activity(one), standing(one)) for one in (kept, duplicate)] == before
    proven()


def test_the_tier_after_a_merge_is_that_of_one_customer_who_bought_it_all(merge, proven):
    kept, duplicate, one = (CustomerFactory() for _ in range(3))
    for number, days in enumerate((50, 40, 30, 20)):
        at = NOON - days * DAY
        buy((kept, duplicate)[number % 2], f"{number}", amount_minor=900_000, at=at)
        buy(one, f"one/{number}", amount_minor=900_000, at=at)

    merge(kept, duplicate)

    assert standing(kept)[0] == standing(one)[0] == "vang"
    assert standing(kept)[1:2] + standing(kept)[3:] == standing(one)[1:2] + standing(one)[3:]
    change = TierChange.objects.filter(customer=kept).latest("pk")
    assert (change.from_key, change.to_key, change.reason) == ("bac", "vang", "merged")
    proven()


def test_qualifications_are_only_added(merge, undo):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    buy(duplicate, "1")
    rows = list(Qualification.objects.values())

    undo(merge(kept, duplicate))

    after = Qualification.objects.order_by("pk")
    assert list(after.values())[:1] == rows
    assert sorted((row.customer_id, row.spend_minor) for row in after[1:]) == [
        (kept.pk, -100_000),
        (kept.pk, 100_000),
        (duplicate.pk, -100_000),
        (duplicate.pk, 100_000),
    ]


@pytest.mark.parametrize(("own", "theirs", "wins"), [
    ("bac", "vang", "vang"), ("vang", "bac", "vang"), (None, "vang", "vang"), ("vang", None, "vang")
])  # fmt: skip
def test_the_higher_tier_given_by_hand_is_kept(merge, undo, proven, owner, own, theirs, wins):
    pair = CustomerFactory(), CustomerFactory()
    for customer, tier in zip(pair, (own, theirs), strict=True):
        if tier:
            give_tier(
                customer=customer, tier_key=tier, through=TODAY + 30 * DAY, reason="wedding",
                at=NOON - DAY, by=owner,
            )  # fmt: skip

    done = merge(*pair)
    assert standing(pair[0])[0] == wins
    proven()

    undo(done)
    assert [(standing(one) or ["moi"])[0] for one in pair] == [own or "moi", theirs or "moi"]
    proven()
    assert TierFloor.objects.filter(customer=pair[1]).count() == bool(theirs)


def test_a_sale_asked_for_with_the_duplicate_is_the_kept_ones(merge, proven):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    merge(kept, duplicate)

    recorded = buy(duplicate, "late")  # The till read the customer before the merge.

    assert (recorded.purchase.customer_id, recorded.balance) == (kept.pk, 10)
    assert buy(duplicate, "late").replayed
    assert buy(kept, "late").replayed
    assert activity(kept)[2] == 1
    proven()


def test_a_till_that_asks_again_after_the_merge_hears_its_first_answer(merge):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    first = buy(duplicate, "1")
    merge(kept, duplicate)

    for customer in (duplicate, kept, Customer.objects.get(pk=duplicate.pk)):
        again = record_purchase(
            source="till", reference="1", customer=customer, branch=None,
            bill=Bill.of_total(100_000), at=NOON, recorded_at=NOON, by=None,
        )  # fmt: skip
        assert (again.replayed, again.balance) == (True, first.balance)


def test_a_refund_of_the_duplicates_old_sale_is_the_kept_ones(merge, undo, proven):
    kept, duplicate = customer_with_points(40), CustomerFactory()
    sale = buy(duplicate, "1", amount_minor=200_000).purchase
    done = merge(kept, duplicate)

    given = refund(sale, 100_000)

    assert (given.points_taken, given.balance_after) == (10, 50)
    assert activity(kept) == (TODAY, TODAY, 1, 100_000)
    assert standing(kept)[1:3] == (100_000, 10)
    with pytest.raises(CannotPart):
        undo(done)
    proven()


def test_a_sale_too_small_for_points_that_was_refunded_since_is_seen_too(merge, undo):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    sale = buy(duplicate, "1", amount_minor=5_000).purchase
    done = merge(kept, duplicate)
    refund(sale, 1_000)

    with pytest.raises(CannotPart, match="given back"):
        undo(done)


def test_a_refund_before_the_merge_does_not_stand_in_the_way(merge, undo, proven):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    sale = buy(duplicate, "1").purchase
    refund(sale, 50_000)

    undo(merge(kept, duplicate))

    assert refund(sale, 50_000, "R2").points_taken == 5
    proven()


def test_a_reward_asked_for_with_the_duplicate_is_paid_by_the_kept_one(merge, proven):
    kept, duplicate = customer_with_points(60), customer_with_points(40)
    merge(kept, duplicate)

    redemption = redeem(duplicate)

    assert redemption.customer_id == redemption.voucher.customer_id == kept.pk
    proven()


def test_vouchers_go_along_and_back_and_are_used_once(merge, undo, owner, proven):
    kept, duplicate = CustomerFactory(), customer_with_points(100)
    voucher = redeem(duplicate).voucher
    done = merge(kept, duplicate)
    assert find_voucher(voucher.code).customer == kept

    use_voucher(voucher=voucher, reference="u", branch=None, at=NOON, by=owner)
    undo(done)

    used = Voucher.objects.get()
    assert (used.customer, used.state) == (duplicate, "used")
    assert Redemption.objects.get().customer == duplicate
    proven()


def test_cancelling_the_duplicates_old_redemption_pays_the_kept_one(merge, undo, proven):
    kept, duplicate = CustomerFactory(), customer_with_points(100, expires_on=TODAY)
    redemption = redeem(duplicate)
    done = merge(kept, duplicate)

    for _twice in range(2):
        cancel_redemption(redemption=redemption, source="till", reason="", at=NOON, by=None)

    entry = Redemption.objects.get().cancelling_entry
    assert (entry.account_id, entry.points, entry.lot.expires_on) == (kept.pk, 100, TODAY)
    with pytest.raises(CannotPart):
        undo(done)
    proven()


@pytest.mark.parametrize(("own", "theirs", "after"), [
    (True, False, False), (False, True, False), (None, False, False), (True, None, True),
    (None, True, None),
])  # fmt: skip
def test_a_refusal_of_either_wins(merge, undo, own, theirs, after):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    for customer, granted in ((kept, own), (duplicate, theirs)):
        if granted is not None:
            says(customer, Channel.SMS, granted=granted)

    done = merge(kept, duplicate)

    word = consents_of(kept).get(Channel.SMS)
    assert (word.granted if word else None) is after
    undo(done)
    word = consents_of(kept).get(Channel.SMS)
    assert bool(word and word.granted) is bool(own)


def test_the_kept_one_without_a_phone_is_reached_by_the_duplicates_as_it_agreed(merge, undo):
    kept = BirthdayCustomerFactory(phone="", email="")
    duplicate = BirthdayCustomerFactory(email="")
    says(duplicate, Channel.SMS, granted=True)
    done = merge(kept, duplicate)
    birthday_campaign(Channel.SMS)

    assert enqueue_due(at=NOON) == 1
    ruling = claim_due(at=NOON, limit=9)[0]
    assert (ruling.message.customer, ruling.address) == (kept, duplicate.phone)

    undo(done)
    assert consents_of(kept)[Channel.SMS].granted is False


def test_what_the_kept_row_lacks_it_takes_and_gives_up_again(merge, undo):
    kept = CustomerFactory(name="", name_folded="", name_sort="\uffff")
    duplicate = BirthdayCustomerFactory(name="Lan", name_folded="lan", name_sort="lan")

    done = merge(kept, duplicate)
    kept.refresh_from_db()
    assert (kept.name, kept.salutation, kept.birth_day) == ("Lan", "chị", 22)
    assert done.gained == ["name", "salutation", "birthday"]

    Customer.objects.filter(pk=kept.pk).update(salutation="anh")
    undo(done)
    kept.refresh_from_db()
    assert (kept.name, kept.salutation, kept.birth_day) == ("", "anh", None)
    assert (kept.name_folded, kept.name_sort) == ("", "\uffff")


def test_one_birthday_is_wished_once(merge):
    kept, duplicate = BirthdayCustomerFactory(), BirthdayCustomerFactory()
    MessageFactory(customer=duplicate, occasion="birthday:2026", state="sent", sent_at=NOON)
    waiting = MessageFactory(customer=kept, occasion="birthday:2026")
    merge(kept, duplicate)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.detail) == ("blocked", "merged")
    enqueue_due(at=NOON)
    assert not Message.objects.filter(channel=Channel.EMAIL, state="queued").exists()


def test_messages_of_other_occasions_go_along_and_back(merge, undo):
    kept, duplicate = BirthdayCustomerFactory(), BirthdayCustomerFactory()
    message = MessageFactory(customer=duplicate, occasion="birthday:2025")

    done = merge(kept, duplicate)
    assert Message.objects.get().customer == kept

    undo(done)
    assert Message.objects.get() == message
    assert Message.objects.get().customer == duplicate
    assert not Consent.objects.exists()
