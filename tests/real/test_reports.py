"""The reports on real purchases: published figures, and the definitions worked out by hand."""

from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest

from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.running import import_file
from loyalty.reports.cohorts import cohort_grid
from loyalty.reports.frequency import Counting, frequency
from loyalty.reports.repeat import repeat_rate
from loyalty.reports.retention import retention
from loyalty.reports.returning import second_visits
from loyalty.reports.shares import Share
from tests.factories.clock import NOON
from tests.factories.shop import shop_with_programme
from tests.real.cdnow import DOLLARS, TEXT, needs_cdnow, text_layout

pytestmark = [needs_cdnow, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def sales(db):
    shop_with_programme(DOLLARS, name="CD shop", currency="USD", time_zone="America/New_York")
    import_file(Job(path=TEXT, layout=text_layout(), at=NOON, by=None))


@pytest.fixture(scope="module")
def days():
    """Each customer's days of purchase, in order, straight from the file."""
    found = defaultdict(list)
    for line in TEXT.read_text(encoding="ascii").splitlines():
        customer, _sample, day, _discs, _dollars = line.split()
        found[customer].append(datetime.strptime(f"{day} +0000", "%Y%m%d %z").date())
    return [sorted(bought) for bought in found.values()]


def test_customers_by_repeat_purchases_are_as_published():
    """Calibration to 30 September 1997; 0, 1, … 6, 7 or more (BTYD 2.4.3, vignette)."""
    groups = frequency(until=date(1997, 9, 30), counting=Counting.DAYS, most=8)

    assert [group.share.part for group in groups] == [1411, 439, 214, 100, 62, 38, 29, 64]
    # A day's bills are merged when asked for, not only when they are brought in so.
    assert repeat_rate() == Share(1_152, 2_357)
    assert repeat_rate(counting=Counting.DAYS) == Share(1_139, 2_357)


def test_retention_is_what_its_definition_gives(days):
    def active(on):
        since = on - timedelta(days=60)
        return sum(any(since <= day < on for day in bought) for bought in days)

    for first in (date(1997, 3, 1), date(1997, 8, 1), date(1998, 2, 1)):
        end = first + timedelta(days=31)
        month = retention(since=first, until=end - timedelta(days=1), active_days=60)

        assert month.at_start == active(first) > 0
        assert month.at_end == active(end) > 0
        assert month.new == sum(first <= bought[0] < end for bought in days)


def test_cohorts_are_what_their_definition_gives(days):
    counted = defaultdict(int)
    for bought in days:
        start = bought[0].replace(day=1)
        for month in {(day.year - start.year) * 12 + day.month - start.month for day in bought}:
            counted[start, month] += 1

    grid = cohort_grid(date(1997, 1, 1))

    assert sum(cohort.size for cohort in grid.cohorts) == 2_357
    assert {
        (cohort.month, later): customers
        for cohort in grid.cohorts
        for later, customers in enumerate(cohort.customers)
    } == dict(counted)


def test_second_visits_are_what_their_definition_gives(days):
    visits = second_visits(on=date(1998, 7, 1))

    assert [visit.share for visit in visits] == [
        Share(sum(len(b) > 1 and b[1] <= b[0] + timedelta(days=within) for b in days), len(days))
        for within in (30, 60, 90, 180)
    ]
