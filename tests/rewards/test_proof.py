"""The proof of the rewards holds after all that happens to them, and sees what somebody changed."""

import json

import psycopg
import pytest
from django.core.management import CommandError, call_command

from loyalty.purchases.refunds import void_purchase
from rewards import tasks
from rewards.cancelling import cancel_redemption
from rewards.catalogue.changing import save_reward
from rewards.catalogue.loading import load
from rewards.models import Reward
from rewards.proof import RULES, verify
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.programmes import line
from tests.factories.rewards import RewardFactory
from tests.factories.sales import sell, shop_that_says
from tests.factories.stamps import CARD
from tests.factories.vouchers import reward_of, shared_voucher
from tests.support import database

pytestmark = pytest.mark.django_db(transaction=True)
COUPON = '[[coupons]]\nkey = "lan-sau"\nname = "Lần sau"\nreward = "giam"\nvalid_days = 30\n'


def redeem(customer, reward, reference):
    return redeem_reward(
        customer=customer, reward=reward, source="counter", reference=reference, at=NOON, by=None
    )


def void(sale):
    void_purchase(
        purchase=sale,
        source="till",
        reference=f"void:{sale.pk}",
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )


@pytest.fixture(autouse=True)
def rewards(transactional_db):
    """
    Of five on the shelf two redeemed and one of them cancelled; a shared voucher used by two, by one
    of them in a sale that was cancelled; two full stamp cards, one of them taken back.
    """
    RewardFactory(key="ca-phe-den")
    reward_of(key="giam")
    shop_that_says(CARD.replace("needed = 10", "needed = 2"), COUPON)
    tea = RewardFactory(key="tra", stock=5, most_total=9, redeemed_total=0)
    customer = CustomerFactory()
    give_points(customer, 1_000)
    redeem(customer, tea, "r-1")
    cancelled = redeem(customer, tea, "r-2")
    cancel_redemption(redemption=cancelled, source="counter", reason="", at=NOON, by=None)
    code = (shared_voucher(reward=Reward.objects.get(key="giam"), most_per_customer=3).code,)
    coffee = line(60_000, quantity="2", category="Cà phê")
    sell(customer, coffee, reference="R-1", vouchers=code)
    void(sell(customer, coffee, reference="R-2", vouchers=code).purchase)
    sell(CustomerFactory(), line(60_000), reference="R-3", vouchers=code)
    return tea


def problems():
    return [str(problem) for problem in verify().problems]


def test_it_holds(capsys):
    proof = verify()

    assert (proof.rewards, proof.problems) == (3, ())
    call_command("verify_rewards", "--json")
    told = {"rewards": 3, "vouchers": proof.vouchers, "problems": []}
    assert json.loads(capsys.readouterr().out) == told
    assert tasks.verify() == 0


def test_it_holds_however_the_shelf_is_filled(rewards):
    changed = Reward.objects.get(pk=rewards.pk)
    changed.stock, changed.name = 2, "Trà mới"
    save_reward(reward=changed, columns=["stock", "name"], photo=None, at=NOON)
    assert problems() == []

    customer = CustomerFactory()
    give_points(customer, 1_000)
    made = [redeem(customer, rewards, f"s-{number}") for number in range(2)]
    cancel_redemption(redemption=made[0], source="counter", reason="", at=NOON, by=None)
    assert problems() == []

    head = '[[rewards]]\nkey = "tra"\nname = "Trà"\ncost_points = 100\n'
    for stock, more in (("stock = 7\n", ""), ("stock = 7\n", "most_total = 4\n"), ("", "")):
        load(head + stock + more, at=NOON)
        assert problems() == []
    assert Reward.objects.get(pk=rewards.pk).stocked is None


TEA = "WHERE key = 'tra'"
BROKEN = {
    f"UPDATE rewards_reward SET redeemed_total = 2 {TEA}": [0],
    f"UPDATE rewards_reward SET stock = 5 {TEA}": [1],
    f"UPDATE rewards_reward SET stock = NULL {TEA}": [1],
    f"UPDATE rewards_reward SET stocked = NULL {TEA}": [1],
    "DELETE FROM rewards_redemption WHERE reference = 'r-1'": [0, 1],
    "UPDATE rewards_reward SET value_minor = 99 WHERE key = 'giam'": [2],
    "UPDATE rewards_terms SET minimum_minor = 99": [2],
    "UPDATE rewards_redemption SET cost_points = 1 WHERE reference = 'r-1'": [3],
    "DELETE FROM rewards_voucher WHERE redemption_id IS NOT NULL AND state = 'issued'": [3],
    "UPDATE rewards_redemption SET cancelling_entry_id = NULL": [0, 1, 4],
    "UPDATE rewards_voucher SET state = 'issued' WHERE redemption_id IS NOT NULL": [4],
    "UPDATE rewards_voucher SET redemption_id = NULL WHERE state = 'issued'": [3, 5],
    "UPDATE rewards_voucher SET coupon = '' WHERE coupon <> '' AND replaces_id IS NULL": [5],
    "UPDATE rewards_sharedvoucher SET uses = 2": [6],
    "DELETE FROM rewards_voucheruse WHERE reference = 'R-3'": [6],
    "UPDATE rewards_voucheruse SET number = 7 WHERE reference = 'R-2'": [7],
    "UPDATE rewards_stampentry SET stamps_after = 9, began_on = '2026-11-22' WHERE number = 2": [8],
    "DELETE FROM rewards_stampentry WHERE number = 1": [8],
    "UPDATE rewards_voucher SET state = 'issued' WHERE id IN"
    " (SELECT voucher_id FROM rewards_stampentry WHERE kind = 'reopened')": [9],
    "UPDATE rewards_voucher SET state = 'cancelled' WHERE id IN"
    " (SELECT voucher_id FROM rewards_stampentry WHERE kind = 'full')": [9],
}


def test_it_sees_whatever_somebody_changed():
    seen = {}
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("SET session_replication_role = replica")
        for statement in BROKEN:
            owner.execute("SAVEPOINT before")
            assert owner.execute(statement).rowcount > 0
            broken = [bool(owner.execute(sql).fetchall()) for sql in RULES.values()]
            seen[statement] = [rule for rule, breaks in enumerate(broken) if breaks]
            owner.execute("ROLLBACK TO before")

    assert seen == BROKEN
    assert {rule for rules in BROKEN.values() for rule in rules} == set(range(len(RULES)))


def test_a_broken_rule_is_named_and_fails_the_command():
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(f"UPDATE rewards_reward SET stock = 5 {TEA}")

    with pytest.raises(CommandError, match="the shelf holds what was put there"):
        call_command("verify_rewards")
    assert tasks.verify() == 1
