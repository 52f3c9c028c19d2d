from datetime import date, time

import pytest

from loyalty.reports.periods import Period
from loyalty.reports.retention import (
    active_days_for,
    retention,
    retention_by_month,
    retention_of,
)
from loyalty.reports.shares import Share
from loyalty.shop.models import Branch
from tests.reports.history import bill, customer, history

pytestmark = pytest.mark.django_db

# The period is March; active means a bill within 60 days, so since 31 December at the start
# (1 March) and since 31 January at the end (1 April).
MARCH = {"since": date(2026, 3, 1), "until": date(2026, 3, 31), "active_days": 60}
HISTORY = """
    2026-01-05 2026-03-20
    2026-02-20
    2026-01-10
    2025-10-01 2026-03-05
    2026-03-02
    2026-03-30 2026-03-31
    2026-04-01
    - 2026-02-01 2026-03-01
"""


def test_retention_counts_start_new_and_end():
    history(HISTORY)

    march = retention(**MARCH)

    # At the start: the first three. New: the fifth and sixth. At the end: all of these but the
    # third, whose last bill is too old, and the fourth, who came back after a long break.
    assert (march.at_start, march.new, march.at_end) == (3, 2, 5)
    assert march.rate == Share(3, 3)


def test_active_means_a_bill_in_the_days_before_the_boundary():
    history("2025-12-31\n2025-12-30")

    assert retention(**MARCH).at_start == 1
    assert retention(**MARCH | {"active_days": 61}).at_start == 2


def test_a_bill_on_the_first_day_is_not_yet_active_but_new():
    history("2026-03-01")

    assert (retention(**MARCH).at_start, retention(**MARCH).new) == (0, 1)


def test_without_customers_at_the_start_there_is_no_rate():
    history("2026-03-02")

    assert retention(**MARCH).rate.tenths is None


def test_an_empty_shop_answers_with_zeros():
    march = retention(**MARCH)

    assert (march.at_start, march.new, march.at_end, march.rate.tenths) == (0, 0, 0, None)


def test_midnight_in_the_shop_divides_two_periods():
    bill(customer(), "2026-02-28", at=time(23, 59, 59))
    bill(customer(), "2026-03-01", at=time(0, 0, 1))

    march = retention(**MARCH)

    assert (march.at_start, march.new) == (1, 1)


def test_a_branch_sees_its_own_bills_only():
    north, south = (Branch.objects.create(key=key, name=key) for key in ("north", "south"))
    history("2026-02-01 2026-03-02", branch=north)
    history("2026-02-01", branch=south)

    march = retention(**MARCH, branch=north.pk)

    assert (march.at_start, march.new, march.at_end) == (1, 0, 1)


def test_a_long_period_looks_back_at_least_as_far():
    assert active_days_for(Period(date(2026, 3, 1), date(2026, 3, 31))) == 60
    assert active_days_for(Period(date(2026, 1, 1), date(2026, 12, 31))) == 365


def test_two_periods_that_start_on_one_day_are_told_apart():
    history("2026-03-02\n2026-03-20")
    first = date(2026, 3, 1)

    week, month = retention_of([Period(first, date(2026, 3, 7)), Period(first, date(2026, 3, 31))])

    assert (week.new, month.new) == (1, 2)


def test_months_are_the_newest_that_are_over():
    history("2026-09-10 2026-10-10")

    this_year, year_before = retention_by_month(until=date(2026, 11, 22))

    assert this_year[0].period == Period(date(2025, 11, 1), date(2025, 11, 30))
    assert this_year[-1].period == Period(date(2026, 10, 1), date(2026, 10, 31))
    assert year_before[-1].period == Period(date(2025, 10, 1), date(2025, 10, 31))
    assert [month.rate for month in this_year[-2:]] == [Share(0, 0), Share(1, 1)]


def test_a_month_is_the_same_alone_and_in_the_series():
    history(HISTORY)

    this_year, _year_before = retention_by_month(until=date(2026, 3, 31))

    assert this_year[-1] == retention(**MARCH)


@pytest.mark.parametrize("customers", [1, 3])
def test_24_months_take_one_query(customers, django_assert_num_queries):
    history("2026-01-05 2026-02-03\n" * customers)

    with django_assert_num_queries(1):
        retention_by_month(until=date(2026, 11, 22))
