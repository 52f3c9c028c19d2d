from datetime import date, time

import pytest

from loyalty.reports.cohorts import Cohort, cohort_grid
from loyalty.reports.shares import Share
from tests.reports.history import bill, customer, history

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))
HISTORY = """
    2026-01-05 2026-02-03 2026-02-20
    2026-01-31 2026-03-01
    2026-01-10
    2026-03-02 2026-03-03
    - 2026-02-01
"""


def test_rows_are_months_of_the_first_purchase_and_cells_the_months_after():
    history(HISTORY)

    grid = cohort_grid(JANUARY, until=date(2026, 4, 10))

    assert grid.cohorts == (Cohort(JANUARY, (3, 1, 1, 0)), Cohort(MARCH, (1, 0)))
    assert grid.cohorts[0].share(1) == Share(1, 3)


def test_later_cohorts_can_be_asked_for_alone():
    history(HISTORY)

    assert cohort_grid(FEBRUARY).cohorts == (Cohort(MARCH, (1,)),)


def test_without_a_last_day_the_newest_month_with_a_bill_ends_the_grid():
    history(HISTORY)

    grid = cohort_grid()

    assert (grid.last_month, grid.unfinished) == (MARCH, False)
    assert grid.cohorts[0].customers == (3, 1, 1)


def test_a_month_is_unfinished_until_its_last_day():
    assert cohort_grid(until=date(2026, 2, 27)).unfinished is True
    assert cohort_grid(until=date(2026, 2, 28)).unfinished is False


def test_bills_after_the_last_day_do_not_count():
    history(HISTORY)

    assert cohort_grid(until=date(2026, 2, 3)).cohorts == (Cohort(JANUARY, (3, 1)),)


def test_a_year_turns_without_losing_a_month():
    history("2025-11-05 2026-02-03")

    assert cohort_grid().cohorts == (Cohort(date(2025, 11, 1), (1, 0, 0, 1)),)


def test_midnight_in_the_shop_divides_two_cohorts():
    bill(customer(), "2026-01-31", at=time(23, 59, 59))
    bill(customer(), "2026-02-01", at=time(0, 0, 1))

    assert [cohort.month for cohort in cohort_grid().cohorts] == [JANUARY, FEBRUARY]


def test_an_empty_shop_has_no_cohorts():
    assert cohort_grid().cohorts == ()
    assert cohort_grid(JANUARY, until=date(2026, 4, 10)).cohorts == ()


@pytest.mark.parametrize("customers", [1, 3])
def test_takes_one_query(customers, django_assert_num_queries):
    history("2026-01-05 2026-02-03\n" * customers)

    with django_assert_num_queries(1):
        cohort_grid(JANUARY)
