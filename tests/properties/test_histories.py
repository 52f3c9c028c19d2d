"""
Thousands of random lives, the product's ledger and tiers against the model's: no difference, no
broken rule. `HISTORY_SEED=123` plays one of them alone, as does every seed of a difference.
"""

import os
from datetime import date

import pytest

from loyalty.ledger.proof import verify
from loyalty.tiers import proof as tiers_proof
from tests.properties.histories import History, differences
from tests.properties.ledgers import said_by_product, said_of
from tests.properties.shops import SHOPS
from tests.support.rounds import rounds

# No transaction around all of it: what the database looks at when one ends is looked at each time.
pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = rounds(usual=100, soak=10_000)
BATCH = 15  # The proofs read everything, so a shop is opened anew now and then.
SEED = os.environ.get("HISTORY_SEED")
BATCHES = [int(SEED) // BATCH] if SEED else range(-(-NUMBER // BATCH))


@pytest.mark.parametrize("batch", BATCHES)
def test_the_ledger_is_what_the_model_says_after_any_history(batch):
    kind = [*SHOPS.values()][batch % len(SHOPS)]
    rewards = kind.open()
    seeds = [int(SEED)] if SEED else range(batch * BATCH, (batch + 1) * BATCH)
    histories = [History(seed, kind, rewards) for seed in seeds]

    for history in histories:
        history.play()

    assert differences(histories) == []
    assert verify().problems == ()
    end = max(history.now for history in histories)
    assert tiers_proof.verify(at=end).differences == ()


@pytest.mark.parametrize("name", SHOPS)
def test_jobs_that_come_late_or_later_leave_the_same_ledger_and_tiers(name):
    kind = SHOPS[name]
    rewards = kind.open()
    for seed in range(rounds(usual=2, soak=100)):
        lives = [History(seed, kind, rewards, days_late=late) for late in (0, 1, 30)]
        for life in lives:
            life.play()
        assert differences(lives) == []

        pages = said_of([life.till.customer.pk for life in lives])
        told = {in_order(pages[life.till.customer.pk], life.prefix) for life in lives}
        assert len(told) == 1, f"seed {seed}"


def in_order(page, prefix):
    """The page without the order in which things were entered, and without the life's own name."""
    facts = [
        (key, sorted(map(str, value.items())) if isinstance(value, dict) else value)
        for key, value in page.items()
    ]
    return str(facts).replace(prefix, "")


def test_the_comparison_sees_a_difference():
    kind = SHOPS["café"]
    history = History(1, kind, kind.open())
    history.play()
    assert differences([history]) == []

    history.book.give("adjust", "only in the model", 1, history.now, date.min)

    assert [one.partition(": ")[2].split(":")[0] for one in differences([history])] == [
        *("lines", "lots", "balance"),
    ]
    assert said_by_product(history.till.customer.pk)["balance"] == history.book.balance - 1
