"""
Thousands of random lives, the product's ledger against the model's: no difference, no broken
rule. `HISTORY_SEED=123` plays one of them alone.
"""

import os

import pytest

from loyalty.ledger.proof import verify
from tests.properties.histories import INACTIVE, LATENESS, VERSIONS, History, open_shop
from tests.properties.ledgers import said_by_product
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
NUMBER = rounds(usual=100, soak=10_000)
FLOORS = (0, -20, -1_000_000)  # How low a return may take the balance: one for all of a batch.
BATCH = 25  # The proof reads everything, so the shop starts anew now and then.


def seeds(batch: int) -> range:
    if "HISTORY_SEED" in os.environ:
        seed = int(os.environ["HISTORY_SEED"])
        return range(seed, seed + 1)
    return range(batch * BATCH, (batch + 1) * BATCH)


@pytest.mark.parametrize("batch", range(NUMBER // BATCH))
def test_the_ledger_is_what_the_model_says_after_any_history(batch):
    lowest = FLOORS[seeds(batch).start // BATCH % len(FLOORS)]
    versions = (VERSIONS, INACTIVE)[batch % 2]
    rewards = open_shop(lowest, versions)
    wrong = []
    for seed in seeds(batch):
        late = LATENESS[seed % 3]
        history = History(seed, rewards, days_late=late, lowest=lowest, versions=versions)
        history.play()
        wrong += history.differences()

    assert wrong == []
    assert verify().problems == ()


def test_the_comparison_sees_a_difference():
    history = History(1, open_shop(), days_late=0)
    history.play()
    assert history.differences() == []

    history.book.lots[0].left += 1

    assert len(history.differences()) == 2  # The lots and the balance.
    assert said_by_product(history.customer.pk)["balance"] == history.book.balance - 1
