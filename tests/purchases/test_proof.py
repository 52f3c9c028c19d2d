"""The proof of the sales holds after sales and refunds of every kind, and sees what is wrong."""

import json
from decimal import Decimal

import psycopg
import pytest
from django.core.management import CommandError, call_command

from loyalty.purchases import tasks
from loyalty.purchases.bill import Paid
from loyalty.purchases.proof import EXPLAINED, RULES, verify
from loyalty.purchases.refunds import void_purchase
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.programmes import EVERYDAY, line
from tests.factories.sales import give_back, sell, shop_that_says
from tests.factories.vouchers import voucher_of
from tests.support import database

pytestmark = pytest.mark.django_db(transaction=True)
RULES_OF_THE_SHOP = """
[pay]
money_minor = 1_000
[[discounts]]
key = "sn"
name = "Sinh nhật"
percent = 20
birthday = "month"
"""
CAPPED = EVERYDAY + 'cap_points = 15\ncap_per = "month"\n'


@pytest.fixture(autouse=True)
def sales(transactional_db):
    """One wholly returned by lines, one in part by amount, one cancelled, one anonymous, one kept."""
    shop_that_says(RULES_OF_THE_SHOP, earn=CAPPED)
    customer = CustomerFactory(birth_day=1, birth_month=11)
    give_points(customer, 100)
    bill = (line(60_000), line(40_000, quantity="2"))
    first = sell(customer, *bill, spend_points=30).purchase
    give_back(first, lines=((1, Decimal(1)), (2, Decimal(2))))
    second = sell(customer, *bill, reference="R-2", spend_points=30).purchase
    give_back(second, "back-2", amount_minor=33_333)
    third = sell(customer, total_minor=50_000, reference="R-3").purchase
    void_purchase(
        purchase=third,
        source="till",
        reference="void",
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )
    sell(None, *bill, reference="R-4", payments=(Paid("cash", 40_000), Paid("card", 100_000)))
    codes = (voucher_of(customer).code,)
    return sell(customer, *bill, reference="R-5", vouchers=codes).purchase


def test_it_holds(capsys):
    proof = verify()

    assert (proof.sales, proof.problems) == (5, ())
    call_command("verify_sales", "--json")
    assert json.loads(capsys.readouterr().out) == {"sales": 5, "problems": []}
    assert tasks.verify() == 0


BROKEN = {
    "UPDATE purchases_purchase SET points = points + 1 WHERE reference = 'R-5'": [0, 2],
    "UPDATE purchases_purchase SET spent_points = 29 WHERE reference = 'R-2'": [1],
    "UPDATE purchases_purchaseline SET points = points + 1 WHERE number = 1": [2],
    "UPDATE purchases_purchase SET discounts = '[]' WHERE reference = 'R-1'": [3],
    "UPDATE purchases_purchaseline SET refunded_quantity = 0 WHERE refunded_minor > 0": [4],
    "UPDATE purchases_refund SET returned_points = 29 WHERE reference = 'back-1'": [5, 6],
    "UPDATE purchases_refund SET points_due = 90 WHERE reference = 'back-2'": [5],
    "UPDATE rewards_voucheruse SET minor = minor + 1": [9],
    "DELETE FROM rewards_voucheruse": [9],
    "UPDATE rewards_voucher SET state = 'issued', used_at = NULL": [9],
    "UPDATE rewards_voucher SET replaces_id = (SELECT id FROM rewards_voucheruse)": [11],
    "UPDATE rewards_voucher SET coupon = 'x', source = 'till', reference = 'R-1',"
    " state = 'issued', used_at = NULL": [9, 11],
    "UPDATE purchases_capuse SET freed = true": [7],
    "DELETE FROM purchases_purchasepayment WHERE method = 'card'": [10],
    "UPDATE purchases_purchasepayment SET amount_minor = amount_minor + 1": [10],
    "UPDATE purchases_activity SET spend_minor = spend_minor + 1": [8],
    "DELETE FROM purchases_activity": [8],
    "UPDATE ledger_entry SET explanation = jsonb_set(explanation, '{rules,0,per_minor}', '7000')"
    " WHERE reference = 'R-5'": [-1],
    "UPDATE ledger_entry SET explanation = jsonb_set(explanation, '{multiplier}', '\"2\"')"
    " WHERE reference = 'R-5'": [-1],
    "UPDATE ledger_entry SET explanation = '{}' WHERE reference = 'R-5'": [-1],
}


@pytest.mark.parametrize(("statement", "rules"), BROKEN.items(), ids=range(len(BROKEN)))
def test_it_sees_what_somebody_changed(statement, rules):
    with psycopg.connect(database.owner_url(database.name())) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(statement)

    seen = {problem.rule for problem in verify().problems}

    assert seen == {[*RULES, EXPLAINED][rule] for rule in rules}
    with pytest.raises(CommandError):
        call_command("verify_sales")
