from datetime import date, time

import pytest

from loyalty.reports.frequency import Counting, frequency
from loyalty.reports.repeat import repeat_rate
from loyalty.reports.shares import Share
from loyalty.shop.models import Branch
from tests.reports.history import bill, customer, history

pytestmark = pytest.mark.django_db

FIVE_CUSTOMERS = """
    2026-01-05
    2026-01-06 2026-02-06
    2026-01-07 2026-01-07 2026-03-07
    2026-02-01 2026-02-02 2026-02-03 2026-02-04 2026-02-05 2026-02-06
    2026-03-31
    - 2026-01-01 2026-02-01
"""


def counts(**scope):
    return [group.share.part for group in frequency(**scope)]


def test_counts_who_bought_once_twice_and_so_on_ever():
    history(FIVE_CUSTOMERS)

    assert counts() == [2, 1, 1, 0, 1]
    assert {group.share.whole for group in frequency()} == {5}
    assert [group.times for group in frequency()] == [1, 2, 3, 4, 5]


def test_counts_only_bills_of_the_period_with_both_ends_inside():
    history(FIVE_CUSTOMERS)

    # January: one bill, one bill, two bills.
    assert counts(since=date(2026, 1, 5), until=date(2026, 1, 7)) == [2, 1, 0, 0, 0]
    assert counts(since=date(2026, 3, 31)) == [1, 0, 0, 0, 0]
    assert counts(until=date(2026, 1, 5)) == [1, 0, 0, 0, 0]


def test_bills_of_one_day_can_count_as_one_purchase():
    history(FIVE_CUSTOMERS)

    assert counts(counting=Counting.DAYS) == [2, 2, 0, 0, 1]
    assert repeat_rate(counting=Counting.DAYS) == Share(3, 5)


def test_the_last_group_can_begin_later():
    history(FIVE_CUSTOMERS)

    assert counts(most=7) == [2, 1, 1, 0, 0, 1, 0]


def test_repeat_rate_is_customers_with_two_bills_of_those_with_one():
    history(FIVE_CUSTOMERS)

    assert repeat_rate() == Share(3, 5)
    assert repeat_rate(since=date(2026, 2, 1), until=date(2026, 2, 28)) == Share(1, 2)


def test_a_branch_counts_its_own_bills_only():
    north, south = (Branch.objects.create(key=key, name=key) for key in ("north", "south"))
    who = customer()
    bill(who, "2026-01-05", branch=north)
    bill(who, "2026-01-06", branch=south)

    assert repeat_rate() == Share(1, 1)
    assert repeat_rate(branch=north.pk) == Share(0, 1)


def test_a_day_ends_at_midnight_in_the_shop_not_in_utc():
    who = customer()
    bill(who, "2026-01-31", at=time(23, 59, 59))
    bill(who, "2026-02-01", at=time(0, 0, 1))

    assert repeat_rate(until=date(2026, 1, 31)) == Share(0, 1)
    assert repeat_rate(since=date(2026, 2, 1)) == Share(0, 1)
    assert repeat_rate() == Share(1, 1)


def test_an_empty_shop_has_no_rate():
    assert repeat_rate() == Share(0, 0)
    assert repeat_rate().tenths is None
    assert counts() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("customers", [1, 3])
def test_takes_one_query(customers, django_assert_num_queries):
    history("2026-01-05 2026-01-06\n" * customers)

    with django_assert_num_queries(1):
        repeat_rate()
