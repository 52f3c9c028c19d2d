from datetime import date

import pytest

from loyalty.reports.returning import second_visits
from loyalty.reports.shares import Share
from tests.reports.history import history

pytestmark = pytest.mark.django_db

HISTORY = """
    2026-01-01 2026-01-31
    2026-01-01 2026-02-01
    2026-01-01 2026-01-01
    2026-01-01
    2026-03-01 2026-03-02
    - 2026-01-01
"""


def shares(**scope):
    return {visit.days: visit.share for visit in second_visits(**scope)}


def test_the_last_day_of_the_window_counts_and_the_next_does_not():
    history(HISTORY)

    assert shares(on=date(2026, 3, 3)) == {
        30: Share(2, 4),
        60: Share(3, 4),
        90: Share(0, 0),
        180: Share(0, 0),
    }


def test_a_customer_counts_only_once_the_window_is_over():
    history("2026-01-01")

    assert shares(on=date(2026, 1, 31))[30] == Share(0, 0)
    assert shares(on=date(2026, 2, 1))[30] == Share(0, 1)


def test_only_first_purchases_of_the_period_count():
    history(HISTORY)

    within = shares(on=date(2026, 12, 31), since=date(2026, 2, 1), until=date(2026, 3, 1))

    assert within[30] == Share(1, 1)


def test_what_happens_after_the_day_asked_for_is_unknown():
    history("2026-01-01 2026-01-20")

    assert shares(on=date(2026, 1, 19))[30] == Share(0, 0)
    assert shares(on=date(2026, 2, 1))[30] == Share(1, 1)


def test_an_empty_shop_has_no_second_visits():
    assert shares(on=date(2026, 3, 3))[30].tenths is None


@pytest.mark.parametrize("customers", [1, 3])
def test_takes_one_query(customers, django_assert_num_queries):
    history("2026-01-05 2026-02-03\n" * customers)

    with django_assert_num_queries(1):
        second_visits(on=date(2026, 11, 22))
