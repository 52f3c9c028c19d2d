"""Two random lives are found to be one person's, and then two again: nothing is lost or gained."""

import os
from collections import Counter
from datetime import date

import pytest
from django.db.models import Sum

from loyalty.care.merging import merge_customers
from loyalty.care.parting import CannotPart, undo_merge
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Lot
from loyalty.ledger.proof import verify
from loyalty.tiers import proof as tiers_proof
from loyalty.tiers.services import review_tiers
from tests.properties.histories import History
from tests.properties.ledgers import TIERS, activity_of, said_of
from tests.properties.shops import SHOPS
from tests.properties.standing import Standing, day_of
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = rounds(usual=12, soak=1_000)  # Pairs.
BATCH = 2  # A shop is opened anew for each.
SEED = os.environ.get("MERGE_SEED")
BATCHES = [int(SEED) // BATCH] if SEED else range(-(-NUMBER // BATCH))


def purse(customer_id):
    """What is left, by the days between which it can be used."""
    rows = Lot.objects.filter(account=customer_id, remaining__gt=0)
    ends = rows.values_list("usable_from", "expires_on", "account__active_until")
    sums: Counter[object] = Counter()
    for first, last, active_until, points in ends.annotate(points=Sum("remaining")):
        end = max(last, active_until or date.min) if last else None
        sums[first, end] += points
    return sums


def facts(customer_id, page):
    return {key: page[key] for key in ("balance", "spend", "tier", "activity")}


def joined(one, other, today):
    """The facts of both lives in one."""
    books = (one.book, other.book)
    standing = Standing(one.book.standing.thresholds, one.book.standing.months)
    for book in books:
        for at, amount in book.standing.events:
            standing.add(at, amount)
    kept = [activity_of(book) for book in books]
    return {
        "balance": sum(book.balance for book in books),
        "spend": standing.spend,
        "tier": TIERS[standing.tier(today)] if standing.events else "",
        "activity": (kept[0][0] + kept[1][0], kept[0][1] + kept[1][1]),
    }


@pytest.mark.parametrize("batch", BATCHES)
def test_two_lives_become_one_and_two_again(batch):
    kind = [*SHOPS.values()][batch % len(SHOPS)]
    rewards = kind.open()
    seeds = [int(SEED)] if SEED else range(batch * BATCH, (batch + 1) * BATCH)
    pairs = [tuple(History(2 * seed + n, kind, rewards) for n in range(2)) for seed in seeds]
    for pair in pairs:
        for history in pair:
            history.live()
    end = max(history.now for pair in pairs for history in pair)
    ledger.expire_due(at=end)
    review_tiers(at=end)
    for one, other in pairs:
        check(one, other, end)
    assert verify().problems == ()
    assert tiers_proof.verify(at=end).differences == ()


def check(one, other, end):
    said = f"seed {one.seed // 2}"
    for history in (one, other):
        history.book.expire(day_of(end))
    ids = [one.till.customer.pk, other.till.customer.pk]
    how = {"reason": "-", "at": end, "by": one.till.owner}
    before, purses = said_of(ids), [purse(pk) for pk in ids]

    merge = merge_customers(kept=one.till.customer, duplicate=other.till.customer, **how)
    again = merge_customers(kept=one.till.customer, duplicate=other.till.customer, **how)

    assert again == merge
    after = said_of(ids)
    assert facts(ids[0], after[ids[0]]) == joined(one, other, day_of(end)), said
    assert after[ids[1]]["balance"] == 0, said
    owing = [pk for pk in ids if before[pk]["owed"]]
    if not owing and not kind_keeps_alive(one):
        assert purse(ids[0]) == purses[0] + purses[1], said

    try:
        undo_merge(merge=merge, **how)
    except CannotPart:
        assert owing, said  # The points of one paid what the other owed.
        return
    apart = said_of(ids)
    for pk, whole in zip(ids, purses, strict=True):
        assert facts(pk, apart[pk]) == facts(pk, before[pk]), said
        if kind_keeps_alive(one):  # The longer time stays with both, so days may be later.
            assert purse(pk).total() == whole.total(), said
        else:
            assert purse(pk) == whole, said


def kind_keeps_alive(history):
    """There the later of both last purchases counts for all points."""
    return history.kind.inactive
