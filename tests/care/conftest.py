from datetime import date

import pytest
from django.utils.translation import override

from loyalty.care.merging import merge_customers
from loyalty.care.parting import undo_merge
from loyalty.ledger.proof import verify
from loyalty.tiers.proof import verify as verify_tiers
from tests.factories.clock import NOON
from tests.factories.shop import StaffFactory, shop_with_programme

TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


@pytest.fixture
def owner():
    return StaffFactory(role="owner")


@pytest.fixture
def merge(owner):
    def act(kept, duplicate, at=NOON):
        return merge_customers(kept=kept, duplicate=duplicate, reason="One person", at=at, by=owner)

    return act


@pytest.fixture
def undo(owner):
    def act(done, at=NOON):
        return undo_merge(merge=done, reason="Two people", at=at, by=owner)

    return act


@pytest.fixture
def proven():
    """That ledger and tiers hold, whenever the test asks and at its end."""

    def act(at=NOON):
        assert verify().problems == ()
        assert verify_tiers(at=at).differences == ()

    return act
