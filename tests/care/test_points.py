"""Points when customers are merged, and parted again."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from customers.models import Customer
from loyalty.care.merging import CannotMerge, merge_customers
from loyalty.care.models import Merge
from loyalty.care.parting import CannotPart
from loyalty.errors import DomainError, InvalidInput
from loyalty.ledger import services as ledger
from loyalty.ledger.freezing import freeze
from loyalty.ledger.models import Account, Debt, Entry, Lot
from loyalty.ledger.queries import points_of
from loyalty.ledger.reversals import give_back, take_back
from tests.care.conftest import TODAY
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.shop import StaffFactory
from tests.faults.deeds import spend

HOW = {"source": "till", "reason": "", "at": NOON, "recorded_at": NOON, "by_id": None}
DAY = timedelta(days=1)


def balances(*customers):
    return [Account.objects.get(pk=one.pk).balance for one in customers]


def lots(customer):
    """What is left, by first and last day."""
    rows = Lot.objects.filter(account=customer.pk, remaining__gt=0).order_by("expires_on", "pk")
    return [(row.remaining, row.usable_from, row.expires_on) for row in rows]


def owing(points, *, floor=-1_000):
    """A customer who spent what a refund then took back."""
    customer = customer_with_points(points)
    spend(customer, points, f"spent:{customer.pk}")
    earned = Entry.objects.get(account_id=customer.pk, kind="earn")
    take_back(
        entry_id=earned.pk, points=points, lowest=floor, reference=f"refund:{customer.pk}",
        explanation={}, **HOW,
    )  # fmt: skip
    return customer


def test_points_move_lot_by_lot_with_their_first_and_last_days(merge, proven):
    kept, duplicate = customer_with_points(40, expires_on=TODAY + DAY), CustomerFactory()
    give_points(duplicate, 10, expires_on=TODAY)
    give_points(duplicate, 7, usable_from=TODAY + 3 * DAY)

    merge(kept, duplicate)

    assert lots(kept) == [
        (10, None, TODAY),
        (40, None, TODAY + DAY),
        (7, TODAY + 3 * DAY, None),
    ]
    assert balances(kept, duplicate) == [57, 0]
    proven()


def test_what_has_ended_does_not_come_along(merge, proven):
    kept, duplicate = customer_with_points(5), customer_with_points(10, expires_on=TODAY - DAY)

    merge(kept, duplicate)

    assert balances(kept, duplicate) == [5, 0]
    assert Entry.objects.get(account_id=duplicate.pk, kind="expire").points == -10
    proven()


@pytest.mark.parametrize(
    ("points", "owed", "balance", "debt"), [(50, 20, 30, 0), (20, 50, -30, 30), (0, 20, -20, 20)]
)
def test_what_the_duplicate_owes_the_kept_one_pays_or_owes(
    merge, proven, points, owed, balance, debt
):
    kept = customer_with_points(points) if points else CustomerFactory()

    merge(kept, duplicate := owing(owed))

    assert balances(kept, duplicate) == [balance, 0]
    assert [row.remaining for row in Debt.objects.filter(account=kept.pk)] == [debt] * bool(debt)
    proven()


def test_the_duplicates_points_repay_what_the_kept_one_owes(merge, proven):
    kept, duplicate = owing(20), customer_with_points(50)

    merge(kept, duplicate)

    assert balances(kept, duplicate) == [30, 0]
    proven()


def test_both_may_owe(merge, undo, proven):
    kept, duplicate = owing(20), owing(50)

    done = merge(kept, duplicate)
    assert balances(kept, duplicate) == [-70, 0]

    undo(done)
    assert balances(kept, duplicate) == [-20, -50]
    proven()


def test_no_entry_comes_to_the_duplicates_account_and_its_spending_is_the_kept_ones(merge, proven):
    kept, duplicate = customer_with_points(5), customer_with_points(10)
    merge(kept, duplicate)

    locked = ledger.lock_accounts([duplicate.pk])[duplicate.pk]
    spend(kept, 15, "both")

    assert locked == (kept.pk, 15)
    assert balances(kept, duplicate) == [0, 0]
    with pytest.raises(Exception, match="is closed"):
        give_points(duplicate, 1)


def test_a_refund_of_what_the_duplicate_earned_takes_from_its_lot_at_the_kept_one(merge, proven):
    kept, duplicate = customer_with_points(40, expires_on=TODAY), customer_with_points(10)
    earned = Entry.objects.get(account_id=duplicate.pk)
    merge(kept, duplicate)

    taken = take_back(
        entry_id=earned.pk, points=10, lowest=0, reference="refund", explanation={}, **HOW
    )

    assert (taken.points, taken.balance_after) == (10, 40)
    assert lots(kept) == [(40, None, TODAY)]
    again = take_back(
        entry_id=earned.pk, points=1, lowest=-9, reference="again", explanation={}, **HOW
    )
    assert again.points == 0
    proven()


def test_what_the_duplicate_spent_comes_back_with_its_old_days(merge, proven):
    kept, duplicate = CustomerFactory(), customer_with_points(10, expires_on=TODAY + DAY)
    give_points(duplicate, 5, expires_on=TODAY + 2 * DAY)
    spent = spend(duplicate, 12, "spent")
    merge(kept, duplicate)

    given = give_back(entry_id=spent.entry_id, points=4, reference="part", **HOW)
    assert lots(kept) == [
        (2, None, TODAY + DAY),
        (3, None, TODAY + 2 * DAY),
        (2, None, TODAY + 2 * DAY),
    ]
    assert given.balance_after == 7

    at = NOON + 2 * DAY
    give_back(
        entry_id=spent.entry_id, points=8, reference="rest",
        **{**HOW, "at": at, "recorded_at": at},
    )  # fmt: skip

    assert lots(kept) == [(3, None, TODAY + 2 * DAY), (2, None, TODAY + 2 * DAY)]
    with pytest.raises(IntegrityError, match="reversed by more"), transaction.atomic():
        give_back(entry_id=spent.entry_id, points=1, reference="more", **HOW)
    proven(at)


def test_undoing_restores_both_balances_and_the_days(merge, undo, proven):
    kept, duplicate = customer_with_points(40, expires_on=TODAY), customer_with_points(10)
    before = lots(kept), lots(duplicate)

    undo(merge(kept, duplicate))

    assert (lots(kept), lots(duplicate)) == before
    assert Account.objects.get(pk=duplicate.pk).closed_at is None
    spend(duplicate, 10, "own again")
    proven()


def test_undoing_gives_back_what_a_debt_took(merge, undo, proven):
    kept, duplicate = customer_with_points(50, expires_on=TODAY), owing(20)
    done = merge(kept, duplicate)

    undo(done)

    assert balances(kept, duplicate) == [50, -20]
    assert lots(kept) == [(30, None, TODAY), (20, None, TODAY)]
    proven()


def test_undoing_leaves_the_kept_one_with_what_they_owed_and_what_came_since(merge, undo, proven):
    kept, duplicate = owing(20), customer_with_points(50)
    done = merge(kept, duplicate)
    give_points(kept, 15, reference="since")

    undo(done)

    assert balances(kept, duplicate) == [-5, 50]
    proven()


def test_undoing_is_whole_where_one_of_several_lots_repaid_a_debt(merge, undo, proven):
    kept, duplicate = owing(20), customer_with_points(30, expires_on=TODAY)
    give_points(duplicate, 40, expires_on=TODAY + DAY)
    done = merge(kept, duplicate)
    assert balances(kept, duplicate) == [50, 0]

    undo(done)

    assert balances(kept, duplicate) == [-20, 70]
    assert lots(duplicate) == [(30, None, TODAY), (40, None, TODAY + DAY)]
    proven()


def test_what_expired_meanwhile_stays_expired(merge, undo, proven):
    kept, duplicate = CustomerFactory(), customer_with_points(10, expires_on=TODAY)
    give_points(duplicate, 5)
    done = merge(kept, duplicate)

    undo(done, at=NOON + DAY)

    assert balances(kept, duplicate) == [0, 5]
    proven(NOON + DAY)


def test_the_more_active_of_both_keeps_all_points_alive(merge, undo, proven):
    kept, duplicate = (customer_with_points(10, expires_on=TODAY) for _ in range(2))
    until = date(2027, 3, 31)
    ledger.keep_alive(until={duplicate.pk: until}, at=NOON)

    done = merge(kept, duplicate)
    assert points_of(kept.pk, on=until).usable == 20

    undo(done, at=NOON + 9 * DAY)
    assert [points_of(one.pk, on=until).usable for one in (kept, duplicate)] == [10, 10]
    proven(NOON + 9 * DAY)


def test_undoing_is_refused_when_the_points_were_used_and_says_where(merge, undo, proven):
    kept, duplicate = CustomerFactory(), customer_with_points(10)
    done = merge(kept, duplicate)
    spend(kept, 3, "used")

    with pytest.raises(CannotPart, match="in the entries 2") as refused:
        undo(done)

    assert refused.value.entries == (2,)
    assert balances(kept, duplicate) == [7, 0]
    assert Merge.objects.get().undone_at is None


def test_undoing_is_refused_when_the_debt_was_repaid_since(merge, undo):
    kept, duplicate = CustomerFactory(), owing(20)
    done = merge(kept, duplicate)
    give_points(kept, 5)

    with pytest.raises(CannotPart):
        undo(done)


def test_merging_again_is_the_same_merge_and_a_circle_is_refused(merge):
    kept, duplicate, third = (customer_with_points(10) for _ in range(3))
    done = merge(kept, duplicate)
    entries = Entry.objects.count()

    assert merge(kept, duplicate) == done
    for pair in ((duplicate, kept), (third, duplicate), (duplicate, third), (third, third)):
        with pytest.raises(CannotMerge):
            merge(*pair)

    assert Entry.objects.count() == entries


def test_a_kept_one_may_be_merged_further_and_all_of_it_undone_in_turn(merge, undo, proven):
    last, middle, first = (customer_with_points(points) for points in (1, 10, 100))
    inner = merge(middle, first)
    outer = merge(last, middle)
    assert balances(last, middle, first) == [111, 0, 0]
    assert Customer.objects.get(pk=first.pk).merged_into == last
    proven()

    with pytest.raises(CannotPart, match="merged further"):
        undo(inner)
    undo(outer)
    assert balances(last, middle, first) == [1, 110, 0]
    assert Customer.objects.get(pk=first.pk).merged_into == middle
    undo(inner)
    assert balances(last, middle, first) == [1, 10, 100]
    proven()
    assert undo(inner).undone_at == NOON


def test_a_merge_that_was_undone_may_be_made_again_and_the_other_way_round(merge, undo, proven):
    kept, duplicate = customer_with_points(10), customer_with_points(20)
    undo(merge(kept, duplicate))
    undo(merge(kept, duplicate))
    undo(merge(duplicate, kept))

    assert balances(kept, duplicate) == [10, 20]
    proven()


@pytest.mark.parametrize("which", [0, 1])
def test_no_customer_is_merged_while_their_points_are_checked(merge, which):
    pair = [customer_with_points(10), customer_with_points(20)]
    freeze(broken={pair[which].pk: "a rule"}, at=NOON)

    with pytest.raises(CannotMerge, match="being checked"):
        merge(*pair)


def test_a_cashier_may_not_and_a_reason_is_needed(merge, owner):
    pair = {"kept": CustomerFactory(), "duplicate": CustomerFactory(), "at": NOON}
    with pytest.raises(DomainError, match="manager or the owner"):
        merge_customers(**pair, reason="why", by=StaffFactory())
    with pytest.raises(InvalidInput):
        merge_customers(**pair, reason="  ", by=owner)
    assert not Merge.objects.exists()
