"""A file is taken back while somebody uses what it brought."""

from datetime import timedelta
from functools import partial

import pytest

from customers.models import Customer
from loyalty.errors import DomainError
from loyalty.ledger.models import Account, Debt
from loyalty.ledger.proof import verify
from loyalty.ledger.services import InsufficientPoints
from loyalty.purchases.imports.undoing import UndoRefused, undo_import
from loyalty.purchases.models import ImportBatch, Refund
from loyalty.purchases.proof import verify as verify_sales
from rewards.models import Redemption
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.rewards import RewardFactory
from tests.factories.sales import give_back
from tests.factories.shop import shop_with_programme
from tests.faults.together import together
from tests.purchases import sales_files
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


def test_a_sale_is_refunded_before_it_is_undone_or_not_at_all(transactional_db, tmp_path):
    """Of a customer, whose account both lock, and of nobody, where the sale is all there is."""
    shop_with_programme()
    for trial in range(rounds(usual=20, soak=200)):
        rows = (f"KH{trial},,,2026-11-01,90000,,{trial}-0", f",,,2026-11-01,70000,,{trial}-1")
        path = sales_files.file_of(tmp_path, *rows, header=f"{sales_files.HEADER},receipt")
        batch = sales_files.bring_in(path, how=sales_files.layout(sales_files.WITH_RECEIPTS))
        sale = batch.purchases.get(reference=f"{trial}-{trial % 2}")

        refunded, undone = together(
            partial(give_back, sale, f"{trial}", amount_minor=30_000),
            partial(undo_import, batch=batch, at=NOON, by=None),
        )

        said = f"trial {trial}: {refunded!r} {undone!r}"
        assert isinstance(undone, ImportBatch), said
        assert type(refunded) in (Refund, DomainError), said
        kinds = ["refund", "void"] if isinstance(refunded, Refund) else ["void"]
        assert sorted(sale.refunds.values_list("kind", flat=True)) == kinds, said
        assert not batch.purchases.filter(stands=True).exists(), said
    assert not Account.objects.exclude(balance=0).exists()
    assert verify().problems == ()
    assert verify_sales().problems == ()
