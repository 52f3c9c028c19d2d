"""The account of a customer who was merged into another: nothing moves on it any more."""

import psycopg
import pytest
from django.db import connection

from customers.models import Customer
from loyalty.ledger import services as ledger
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.shop import shop_with_programme
from tests.faults.deeds import spend
from tests.support.database import name, owner_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pair():
    shop_with_programme()
    kept, merged = customer_with_points(40), customer_with_points(15)
    spend(merged, 15, "all of it")
    Customer.objects.filter(pk=merged.pk).update(merged_into=kept)
    as_owner("UPDATE ledger_account SET closed_at = now() WHERE customer_id = %s", merged.pk)
    return kept, merged


def as_owner(statement, *values):
    with psycopg.connect(owner_url(name())) as owner:
        owner.execute(statement, values)


def test_its_lock_is_that_of_the_kept_ones_account(pair):
    kept, merged = pair
    stranger = CustomerFactory()

    locked = ledger.lock_accounts([stranger.pk, merged.pk])

    assert locked == {merged.pk: (kept.pk, 40), stranger.pk: (stranger.pk, 0)}


def test_no_entry_comes_to_it_any_more(pair):
    _kept, merged = pair

    with pytest.raises(Exception, match="is closed: its customer was merged into another"):
        give_points(merged, 5, reference="late")
    with pytest.raises(Exception, match="is closed: its customer was merged into another"):
        as_owner("UPDATE ledger_account SET last_number = 3 WHERE customer_id = %s", merged.pk)


def test_only_an_empty_account_is_closed(pair):
    kept, _merged = pair

    with pytest.raises(psycopg.IntegrityError, match="account_closed_is_empty"):
        as_owner("UPDATE ledger_account SET closed_at = now() WHERE customer_id = %s", kept.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('ledger_account', 'UPDATE')")
        assert cursor.fetchone() == (False,)
