"""The proof finds damage. Only the owner, with triggers off, can do any to begin with."""

import json
import re

import psycopg
import pytest
from django.core.management import CommandError, call_command

from loyalty.errors import DomainError, InvalidInput
from loyalty.ledger import tasks
from loyalty.ledger.adjustments import adjust
from loyalty.ledger.freezing import freeze, lift
from loyalty.ledger.models import Account, Entry, Freeze
from loyalty.ledger.proof import RULES, verify
from loyalty.ledger.reversals import give_back, take_back
from loyalty.ledger.services import AccountFrozen
from tests.factories.clock import NOON
from tests.factories.customers import customer_with_points, give_points
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.faults.deeds import buy, spend
from tests.support import database

pytestmark = pytest.mark.django_db(transaction=True)
HOW_BACK = {"source": "test", "reason": "", "at": NOON, "recorded_at": NOON, "by_id": None}
HOW = HOW_BACK | {"explanation": {}}

DAMAGE = {
    "balance equals the sum of the entries": "UPDATE ledger_account SET balance = balance + 1",
    "entries are numbered 1, 2, 3 … and carry the running balance": (
        "UPDATE ledger_entry SET number = 7 WHERE number = 2"
    ),
    "a credit opens one lot of the same size, and nothing else does": (
        "UPDATE ledger_lot SET points = points + 1"
    ),
    "what is left of a lot is what was not taken from it": (
        "UPDATE ledger_lot SET remaining = remaining - 1"
    ),
    "a debit takes exactly its points, from lots of its own account or as a debt": (
        "DELETE FROM ledger_allocation"
    ),
    "the lots of an account, less what it owes, hold its balance": (
        "UPDATE ledger_lot SET remaining = 0"
    ),
    "nobody has points and owes some": "UPDATE ledger_debt SET remaining = 1",
    "what is left of a debt is what was not repaid": "UPDATE ledger_debt SET remaining = 1",
    "only a reversal or a merge leaves a debt, and within its floor": "UPDATE ledger_debt SET floor = -1",
    "nothing is reversed by more than it was, nor across accounts": (
        "UPDATE ledger_entry SET points = -points WHERE kind = 'reverse'"
    ),
    "no lot is given more back than was taken from it": (
        "UPDATE ledger_allocation SET points = points - 10 WHERE points < 0"
    ),
    "a lot expires when it has ended, wholly, and again only after points came back": (
        "UPDATE ledger_entry SET kind = 'expire' WHERE kind = 'redeem'"
    ),
    "nothing is redeemed from a lot before its first day or after its end": (
        "UPDATE ledger_lot SET expires_on = '2020-01-01'"
    ),
    "what a merge takes from one account it gives to the other": (
        "UPDATE ledger_entry SET kind = 'merge' WHERE kind = 'redeem'"
    ),
    "exactly the accounts of merged customers are closed": (
        "UPDATE ledger_account SET balance = 0, closed_at = now()"
    ),
    "an adjustment is what its author asked for, and above the limit another agreed": (
        "UPDATE ledger_adjustment SET points = points + 1"
    ),
}


@pytest.fixture
def healthy(transactional_db):
    """One customer who bought and spent, and one who gave goods back and paid what they owed."""
    shop_with_programme()
    spend(customer_with_points(100), 30, "r")
    debtor = customer_with_points(10)
    spent = spend(debtor, 10, "spent")
    credit = Entry.objects.get(account_id=debtor.pk, kind="earn")
    take_back(entry_id=credit.pk, points=10, lowest=-50, reference="refund", **HOW)
    give_points(debtor, 15)
    give_back(entry_id=spent.entry_id, points=4, reference="cancel", **HOW_BACK)
    adjust(
        customer_id=debtor.pk,
        points=2,
        reason="Sorry",
        expires_on=None,
        source="test",
        reference="adjust",
        at=NOON,
        by=StaffFactory(role="owner"),
    )


def damage(sql):
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(sql)


def test_a_healthy_ledger_has_no_problem(healthy, capsys):
    call_command("verify_ledger", "--json")

    assert json.loads(capsys.readouterr().out) == {
        "accounts": 2,
        "entries": 8,
        "points": 70 + 11,
        "problems": [],
    }


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_finds_its_damage(healthy, rule):
    damage(DAMAGE[rule])

    assert rule in {problem.rule for problem in verify().problems}
    with pytest.raises(CommandError, match=re.escape(rule)):
        call_command("verify_ledger")


def test_the_nightly_proof_freezes_whose_points_do_not_add_up_and_nobody_else(healthy, caplog):
    broken, sound = Account.objects.order_by("-balance")
    damage(f"UPDATE ledger_lot SET remaining = 0 WHERE account_id = {broken.pk}")
    before = list(Account.objects.order_by("pk").values())

    assert [tasks.verify() > 0 for _night in range(2)] == [True, True]

    with pytest.raises(AccountFrozen):
        spend(broken.customer, 1, "refused")
    assert spend(sound.customer, 11, "fine").balance_after == 0
    assert list(Freeze.objects.values_list("account_id", "rule", "lifted_at")) == [
        (broken.pk, "what is left of a lot is what was not taken from it", None)
    ]
    assert [row for row in before if row["customer_id"] == broken.pk] == list(
        Account.objects.filter(pk=broken.pk).values()
    )
    assert f"redemptions of customer {broken.pk} are frozen" in caplog.messages
    assert sum("frozen" in message for message in caplog.messages) == 1


def test_a_frozen_customer_still_earns_and_redeems_again_when_the_owner_has_looked(healthy):
    customer = customer_with_points(10)
    owner, manager = StaffFactory(role="owner"), StaffFactory(role="manager")
    assert freeze(broken={customer.pk: "a rule"}, at=NOON) == [customer.pk]
    assert freeze(broken={customer.pk: "a rule"}, at=NOON) == []

    assert buy(customer, "R-1").balance == 20
    with pytest.raises(AccountFrozen):
        spend(customer, 5, "early")
    with pytest.raises(DomainError, match="chủ quán"):
        lift(customer_id=customer.pk, reason="Looked", at=NOON, by=manager)
    with pytest.raises(InvalidInput):
        lift(customer_id=customer.pk, reason=" ", at=NOON, by=owner)
    lift(customer_id=customer.pk, reason="Restored by hand", at=NOON, by=owner)

    assert spend(customer, 5, "late").balance_after == 15
    freeze_row = Freeze.objects.get()
    assert (freeze_row.lifted_by, freeze_row.lifted_reason) == (owner, "Restored by hand")
