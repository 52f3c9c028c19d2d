"""The cohort grid: customers by the month of their first purchase, and when they bought again."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from loyalty.dates import add_months, month_start
from loyalty.reports.asking import ask
from loyalty.reports.shares import Share

DEFINITION = _(
    "A row holds the customers who first bought in that month; each cell, the part of them who "
    "bought again 1, 2, 3 … months later."
)

# month_offset 0 is the month of the first purchase, so its customers are the cohort's size.
_COHORT_SQL = """
WITH months AS (
    SELECT DISTINCT customer_id, date_trunc('month', occurred_on)::date AS month
    FROM purchases_purchase
    WHERE customer_id IS NOT NULL AND stands
        AND (%(until)s::date IS NULL OR occurred_on <= %(until)s)
        AND (%(branch)s::bigint IS NULL OR branch_id = %(branch)s)
),
cohorts AS (
    SELECT customer_id, min(month) AS cohort_month FROM months GROUP BY customer_id
)
SELECT
    cohort_month,
    ((extract(year FROM month) - extract(year FROM cohort_month)) * 12
        + extract(month FROM month) - extract(month FROM cohort_month))::int AS month_offset,
    count(*) AS customers
FROM months
JOIN cohorts USING (customer_id)
WHERE %(since)s::date IS NULL OR cohort_month >= %(since)s
GROUP BY cohort_month, month_offset
"""


@dataclass(frozen=True)
class Cohort:
    month: date  # The first day of the month of the first purchase.
    customers: tuple[int, ...]  # Who bought in that month, and 1, 2, 3 … months later.

    @property
    def size(self) -> int:
        return self.customers[0]

    def share(self, months_later: int) -> Share:
        return Share(self.customers[months_later], self.size)


@dataclass(frozen=True)
class CohortGrid:
    cohorts: tuple[Cohort, ...]  # Oldest first; months without a newcomer have no row.
    last_month: date  # The first day of the newest month counted.
    unfinished: bool  # That month is not over: each row's last figure may still grow.


def cohort_grid(
    since: date | None = None, *, until: date | None = None, branch: int | None = None
) -> CohortGrid:
    """
    Cohorts that began in the month `since` (a first of a month) or later, with purchases up to
    the day `until`; without it, up to the end of the newest month anyone bought in. One query.
    """
    rows = ask(_COHORT_SQL, {"since": since, "until": until, "branch": branch})
    counted = {(month, offset): customers for month, offset, customers in rows}
    months = sorted({month for month, _offset in counted})
    newest = max((add_months(month, offset) for month, offset in counted), default=date.min)
    last_month = month_start(until) if until else newest
    return CohortGrid(
        tuple(_cohort(month, counted, last_month) for month in months),
        last_month,
        unfinished=until is not None and (until + timedelta(days=1)).day != 1,
    )


def _cohort(month: date, counted: dict[tuple[date, int], int], last_month: date) -> Cohort:
    length = (last_month.year - month.year) * 12 + last_month.month - month.month + 1
    return Cohort(month, tuple(counted.get((month, offset), 0) for offset in range(length)))
