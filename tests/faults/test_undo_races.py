"""A file of customers is taken back while somebody spends the points it brought along."""

from datetime import timedelta
from functools import partial

import pytest

from customers.models import Customer
from loyalty.ledger.models import Account, Debt
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from loyalty.purchases.imports.undoing import UndoRefused, undo_import
from loyalty.purchases.models import ImportBatch
from rewards.models import Redemption
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.faults.together import together
from tests.purchases.test_import_customers import bring, file_of
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)


def test_points_are_spent_or_taken_back_and_never_both(transactional_db, tmp_path):
    shop_with_programme()
    reward = RewardFactory(cost_points=100)
    for trial in range(rounds(usual=20, soak=300)):
        at = NOON + timedelta(minutes=trial)  # By its moment an import knows its own.
        row = f"KH{trial},09123{trial:05},,,,120,,,"
        batch = bring(file_of(tmp_path, row), at=at).batch
        customer = Customer.objects.get(external_id=f"KH{trial}")

        redeemed, undone = together(
            partial(
                redeem_reward,
                customer=customer,
                reward=reward,
                source="till",
                reference=f"{trial}",
                at=at,
                by=None,
            ),
            partial(undo_import, batch=batch, at=at, by=None),
        )

        said = f"trial {trial}: {redeemed!r} {undone!r}"
        left = Account.objects.get(pk=customer.pk).balance
        if isinstance(undone, ImportBatch):
            assert (type(redeemed), left) == (InsufficientPoints, 0), said
        else:
            assert (type(undone), type(redeemed), left) == (UndoRefused, Redemption, 20), said
    assert not Debt.objects.exists()
    assert verify().problems == ()
