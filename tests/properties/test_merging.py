"""
Merging two customers moves points and makes none, whatever both had lived through; undoing it at once
leaves both as they were. Closed accounts stay as they are.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from loyalty.care.merging import CannotMerge, merge_customers
from loyalty.care.models import Merge
from loyalty.care.parting import undo_merge
from loyalty.errors import DomainError
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Account, Debt, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.purchases.models import Activity, Purchase
from loyalty.purchases.refunds import refund_purchase
from loyalty.shop.models import User
from loyalty.tiers.models import Standing
from loyalty.tiers.proof import verify as verify_tiers
from loyalty.tiers.services import review_tiers
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Reward
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import STARTERS, StaffFactory, shop_with_programme
from tests.faults.deeds import buy
from tests.support.rounds import rounds

PEOPLE = 3
CAFE = (STARTERS / "cafe.toml").read_text("utf-8") + "[refunds]\nlowest = -1_000_000\n"
EXPIRY = {
    "months": CAFE.replace("expire_after_months = 12", "expire_after_months = 1"),
    "inactive": CAFE.replace("expire_after_months = 12", "expire_after_inactive_months = 1"),
    "window": CAFE + '[tier_rules]\nwindow = "rolling"\nmonths = 1\ndowngrade = "at_once"\n',
}
who = st.integers(0, PEOPLE - 1)
act = st.one_of(
    st.tuples(st.just("buy"), who, st.sampled_from([5_000, 68_000, 350_000, 2_500_000])),
    st.tuples(st.just("bonus"), who, st.integers(0, 20)),
    st.tuples(st.just("redeem"), who, st.integers(0, 1)),
    st.tuples(st.just("cancel"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("refund"), st.integers(0, 9), st.sampled_from([1, 2])),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 70]), st.booleans()),
    st.tuples(st.just("merge"), who, who),
    st.tuples(st.just("undo"), st.integers(0, 3), st.just(0)),
)


@pytest.fixture(params=EXPIRY.values(), ids=EXPIRY)
def shop(db, request):
    shop_with_programme(request.param)


@dataclass
class Street:
    """Three customers and what they do."""

    people: list[Customer] = field(default_factory=lambda: CustomerFactory.create_batch(PEOPLE))
    rewards: list[Reward] = field(
        default_factory=lambda: [RewardFactory(cost_points=cost) for cost in (5, 30)]
    )
    owner: User = field(default_factory=lambda: StaffFactory(role="owner"))
    now: datetime = NOON
    names: count = field(default_factory=count)

    def play(self, acts):
        for what, one, other in acts:
            getattr(self, what)(one, other)

    def buy(self, who, amount_minor):
        name = f"sale:{next(self.names)}"
        buy(self.people[who], name, amount_minor=amount_minor, at=self.now)

    def bonus(self, who, days):
        usable_from = (self.now + timedelta(days=days)).date() if days else None
        kept = Customer.objects.get(pk=self.people[who].pk).kept
        name = f"bonus:{next(self.names)}"
        give_points(kept, 9, at=self.now, reference=name, usable_from=usable_from)

    def redeem(self, who, which):
        name = f"redeem:{next(self.names)}"
        how = {"source": "till", "reference": name, "at": self.now, "by": None}
        refused(redeem_reward, customer=self.people[who], reward=self.rewards[which], **how)

    def cancel(self, which, _other):
        found = list(Redemption.objects.order_by("pk")[which : which + 1])
        for one in found:
            how = {"source": "till", "reason": "", "at": self.now, "by": None}
            refused(cancel_redemption, redemption=one, **how)

    def refund(self, which, parts):
        for one in Purchase.objects.order_by("pk")[which : which + 1]:
            refused(
                refund_purchase, purchase=one, amount_minor=one.amount_minor // parts,
                source="till", reference=f"refund:{next(self.names)}", reason="", at=self.now,
                recorded_at=self.now, by=None,
            )  # fmt: skip

    def wait(self, days, job_runs):
        self.now += timedelta(days=days)
        if job_runs:
            ledger.expire_due(at=self.now)

    def merge(self, one, other):
        before = self.total()
        try:
            done = merge_customers(
                kept=self.people[one], duplicate=self.people[other], reason="One", at=self.now,
                by=self.owner,
            )  # fmt: skip
        except CannotMerge:
            done = None
        assert self.total() == before
        return done

    def undo(self, which, _other):
        before = self.total()
        for one in Merge.objects.order_by("-pk")[which : which + 1]:
            refused(undo_merge, merge=one, reason="Two", at=self.now, by=self.owner)
        assert self.total() == before

    def total(self):
        ledger.expire_due(at=self.now)
        return sum(Account.objects.values_list("balance", flat=True))

    def prove(self):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        assert verify().problems == ()
        assert verify_tiers(at=self.now).differences == ()
        for account in Account.objects.exclude(closed_at=None):
            later = Entry.objects.filter(account=account, recorded_at__gt=account.closed_at)
            assert (account.balance, later.count()) == (0, 0)


def refused(service, **request):
    """What the service did, or None where the rules refused it."""
    try:
        return service(**request)
    except DomainError:
        return None


def state(customer):
    """What a customer has, where they stand and what is theirs."""
    lots = Lot.objects.filter(account=customer.pk, remaining__gt=0)
    debts = Debt.objects.filter(account=customer.pk, remaining__gt=0)
    held = Counter()
    for lot in lots:
        held[lot.usable_from, lot.expires_on] += lot.remaining
    return {
        "lots": held,
        "owed": sum(debt.remaining for debt in debts),
        "standing": list(
            Standing.objects.filter(pk=customer.pk).values_list(
                "tier_key", "earned_key", "spend_minor", "points", "visits", "held_through"
            )
        ),
        "activity": list(Activity.objects.filter(pk=customer.pk).values_list()),
        "purchases": list(Purchase.objects.filter(customer=customer).values_list("pk")),
        "vouchers": list(customer.vouchers.order_by("pk").values_list("pk", "state")),
        "merged into": Customer.objects.get(pk=customer.pk).merged_into_id,
    }


@settings(
    max_examples=rounds(usual=12, soak=1_500),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(act, min_size=4, max_size=25), one=who, other=who)
def test_a_merge_moves_points_and_makes_none_and_its_undoing_restores_both(shop, acts, one, other):
    with transaction.atomic():
        street = Street()
        street.play(acts)
        street.prove()
        street.total()  # What is due expires first,
        review_tiers(at=street.now)  # and tiers are settled until today.
        before = [state(customer) for customer in street.people]
        done = street.merge(one, other)
        street.prove()
        if done is not None and done.merged_at == street.now and not existed(done, before, street):
            undo_merge(merge=done, reason="Two", at=street.now, by=street.owner)
            street.prove()
            assert [state(customer) for customer in street.people] == before
        transaction.set_rollback(True)


def existed(done, before, street):
    """Whether that merge stood already, and was only answered again."""
    place = [one.pk for one in street.people].index(done.duplicate_id)
    return before[place]["merged into"] is not None


def test_the_street_spends_what_was_carried_over(db):
    shop_with_programme(CAFE)
    street = Street()

    street.play([("buy", 1, 350_000), ("merge", 0, 1), ("redeem", 1, 1)])

    assert Redemption.objects.get().customer == street.people[0]
    assert Account.objects.get(pk=street.people[0].pk).balance == 5
