"""The proof finds damage. Only the owner, with triggers off, can do any to begin with."""

import json
import re

import psycopg
import pytest
from django.core.management import CommandError, call_command

from loyalty.ledger import services as ledger
from loyalty.ledger.proof import RULES, verify
from tests.factories.clock import NOON
from tests.factories.customers import customer_with_points
from tests.factories.shop import shop_with_programme
from tests.support import database

pytestmark = pytest.mark.django_db(transaction=True)

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
    "a debit takes exactly its points, from lots of its own account": (
        "DELETE FROM ledger_allocation"
    ),
    "the lots of an account hold its balance": "UPDATE ledger_lot SET remaining = 0",
    "a lot expires once, after its last day, and at most what was left": (
        "UPDATE ledger_entry SET kind = 'expire' WHERE kind = 'redeem'"
    ),
    "nothing is redeemed from a lot after its last day": (
        "UPDATE ledger_lot SET expires_on = '2020-01-01'"
    ),
}


@pytest.fixture
def healthy(transactional_db):
    shop_with_programme()
    customer = customer_with_points(100)
    ledger.spend(
        customer_id=customer.pk,
        points=30,
        source="test",
        reference="r",
        reason="",
        at=NOON,
        by_id=None,
    )


def damage(sql):
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(sql)


def test_a_healthy_ledger_has_no_problem(healthy, capsys):
    call_command("verify_ledger", "--json")

    assert json.loads(capsys.readouterr().out) == {
        "accounts": 1,
        "entries": 2,
        "points": 70,
        "problems": [],
    }


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_finds_its_damage(healthy, rule):
    damage(DAMAGE[rule])

    assert rule in {problem.rule for problem in verify().problems}
    with pytest.raises(CommandError, match=re.escape(rule)):
        call_command("verify_ledger")
