"""Nobody adds a foreign key to a customer and forgets the merge."""

import pytest
from django.apps import apps

from customers.models import Customer
from loyalty.care.relations import CARRIED, MOVED, STAYS, Moving
from loyalty.ledger.models import Account

HANDLED = [*(moving.label for moving in MOVED), *CARRIED, *STAYS]


def keys_to_customers():
    return sorted(
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model in (Customer, Account)
    )


def test_every_foreign_key_to_a_customer_or_account_is_handled_once():
    assert sorted(HANDLED) == keys_to_customers()


def test_one_that_is_forgotten_is_seen():
    assert "rewards.Voucher.customer" in keys_to_customers()
    assert sorted(set(HANDLED) - {"rewards.Voucher.customer"}) != keys_to_customers()


@pytest.mark.parametrize("moving", MOVED, ids=lambda moving: moving.label)
def test_what_moves_names_columns_there_are(db, moving: Moving):
    assert moving.move(giver=1, taker=2) == moving.move(giver=1, taker=2, rows=[3]) == []
