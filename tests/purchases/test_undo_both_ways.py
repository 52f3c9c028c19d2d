"""Taking an import back by sets writes the very rows that taking it back sale by sale writes."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import transaction

from customers.models import Customer
from loyalty.care.merging import merge_customers
from loyalty.care.parting import undo_merge
from loyalty.errors import DomainError
from loyalty.ledger.proof import verify
from loyalty.ledger.services import expire_due
from loyalty.programme.basket import Line
from loyalty.purchases.imports import voiding
from loyalty.purchases.imports.undoing import UndoRefused, undo_import
from loyalty.purchases.models import Purchase
from loyalty.purchases.proof import verify as verify_sales
from loyalty.tiers.proof import verify as verify_tiers
from loyalty.tiers.services import give_tier
from rewards.cancelling import cancel_redemption
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.rewards import RewardFactory
from tests.factories.sales import give_back, sell
from tests.factories.shop import STARTERS, StaffFactory, shop_with_programme
from tests.purchases.test_import_equals_till import CAPPED
from tests.purchases.test_import_receipts import receipts
from tests.purchases.undone_one_by_one import everything, undo_one_by_one
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=5)
PHONES = [f"+8491234567{number}" for number in range(4)]
RULES = (
    (STARTERS / "cafe.toml")
    .read_text("utf-8")
    .replace("expire_after_months = 12", "expire_after_days = 60")
    + CAPPED
    + "\n[refunds]\nlowest = -1_000\n"
)


class Nothing(Exception):
    """Takes all back."""


def outcome(undo, *args, **told):
    """What a way of undoing leaves in the tables; all of it is taken back."""
    found = None
    try:
        with transaction.atomic():
            undo(*args, **told)
            found = everything()
            raise Nothing
    except Nothing:
        return found


def proven():
    assert verify().problems == ()
    assert verify_sales().problems == ()
    assert verify_tiers(at=LATER).differences == ()


def a_file(random, folder):
    """Receipts of some lines, of four customers and of nobody; some are given back."""
    rows = []
    for number in range(random.randint(1, 10)):
        day = NOON - timedelta(days=random.choice([1, 2, 3, 30, 61, 90, 200]), hours=number)
        who = random.choice([*PHONES, *PHONES, ""]).replace("+84", "0")
        for line in range(random.randint(1, 3)):
            much, price = random.randint(1, 3), random.choice([0, 9_000, 68_000, 3_000_000])
            goods = f"{line},,{much},{price},{much * price},"
            rows.append(f"HD{number},,,{day:%Y-%m-%d %H:%M},{who},{goods}")
        if line == 0 and price and random.random() < 0.3:
            rows.append(f"TH{number},HD{number},,{NOON:%Y-%m-%d},{who},0,,1,{price},{price},")
    return receipts(folder, *rows)


def some_customers(random):
    """Of the till, who bought before the file; one may owe points."""
    for number, phone in enumerate(PHONES[: random.randint(0, 4)]):
        customer = CustomerFactory(phone=phone)
        at = NOON - timedelta(days=40)
        sale = sell(customer, total_minor=500_000, reference=f"b-{number}", at=at).purchase
        if random.random() < 0.4:
            spend(customer, random.randint(1, 50), f"b-{number}", at=at)
            give_back(sale, f"b-{number}", amount_minor=500_000, at=NOON)


def spend(customer, points, reference, *, at):
    reward = RewardFactory(cost_points=points)
    told = {"source": "till", "reference": reference, "at": at, "by": None}
    return redeem_reward(customer=customer, reward=reward, **told)


def some_return(random, number):
    sale = random.choice(Purchase.objects.filter(stands=True).order_by("pk"))
    line = random.choice(sale.lines.order_by("pk"))
    if random.random() < 0.5:
        give_back(sale, f"s-{number}", lines=((line.number, Decimal(1)),), at=LATER)
    elif sale.amount_minor > sale.refunded_minor:
        left = sale.amount_minor - sale.refunded_minor
        give_back(sale, f"s-{number}", amount_minor=random.randint(1, left), at=LATER)


def some_spending(random, number):
    done = spend(random_customer(random), random.randint(1, 30), f"s-{number}", at=LATER)
    if random.random() < 0.7:
        cancel_redemption(redemption=done, source="till", reason="", at=LATER, by=None)


def some_sale(random, number):
    lines = [Line(100_000)]
    sell(random_customer(random), *lines, reference=f"s-{number}", at=NOON)


def some_merge(random, _number):
    one, other = random.sample(list(Customer.objects.filter(merged_into=None).order_by("pk")), 2)
    owner = StaffFactory(role="owner")
    merge = merge_customers(kept=one, duplicate=other, reason="One", at=LATER, by=owner)
    undo_merge(merge=merge, reason="Two", at=LATER, by=owner)


def some_gift(random, _number):
    through = LATER.date() + timedelta(days=9)
    told = {"tier_key": "bac", "through": through, "reason": "Quen", "at": NOON}
    give_tier(customer=random_customer(random), by=StaffFactory(role="owner"), **told)


def some_ending(_random, _number):
    expire_due(at=NOON)


def random_customer(random):
    return random.choice(Customer.objects.filter(merged_into=None).order_by("pk"))


MEANWHILE = (some_return, some_spending, some_sale, some_merge, some_gift, some_ending)


def a_story(random, folder):
    """A shop with a past, a file that came into it, and what happened since; the import is told."""
    some_customers(random)
    batch = a_file(random, folder)
    for number in range(random.randint(0, 5)):
        try:
            with transaction.atomic():
                random.choice(MEANWHILE)(random, number)
        except (DomainError, IndexError, ValueError):
            pass  # Not in this shop.
    return batch


def test_any_import_is_taken_back_as_if_sale_by_sale(tmp_path, monkeypatch):
    shop_with_programme(RULES)
    monkeypatch.setattr(voiding, "CHUNK", 4)
    monkeypatch.setattr(voiding, "CUSTOMERS", 2)
    undone = 0
    for seed in range(rounds(usual=20, soak=200)):
        point = transaction.savepoint()
        batch = a_story(Random(seed), tmp_path)
        before = everything()
        try:
            by_sets = outcome(undo_import, batch=batch, at=LATER, by=None)
        except UndoRefused:
            assert everything() == before, seed
        else:
            undone += 1
            assert by_sets == outcome(undo_one_by_one, batch, at=LATER), seed
            undo_import(batch=batch, at=LATER, by=None)
            proven()
        transaction.savepoint_rollback(point)
    assert undone >= 10
