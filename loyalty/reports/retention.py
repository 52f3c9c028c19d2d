"""The customer retention rate: who was buying at the start and still is at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from loyalty.reports.asking import ask
from loyalty.reports.periods import Period, full_months_until
from loyalty.reports.shares import Share

DEFINITION = _(
    "Customers buying at the end, less the new ones, divided by customers buying at the start. "
    "“Buying” means a purchase in the %(days)s days before. Regulars who come back after a "
    "longer break count at the end, so the rate can pass 100%%."
)
ACTIVE_DAYS = 60

# Windows that follow each other share a boundary, so who is active is counted once for each.
_RETENTION_SQL = """
WITH windows AS (
    SELECT * FROM unnest(%(starts)s::date[], %(ends)s::date[]) AS w (starts_on, ends_on)
),
boundaries AS (
    SELECT starts_on AS day FROM windows UNION SELECT ends_on FROM windows
),
active AS (
    SELECT day, (
        SELECT count(DISTINCT customer_id)
        FROM purchases_purchase
        WHERE customer_id IS NOT NULL AND stands
            AND occurred_on >= day - %(active_days)s AND occurred_on < day
            AND (%(branch)s::bigint IS NULL OR branch_id = %(branch)s)
    ) AS customers
    FROM boundaries
),
newcomers AS (
    SELECT min(occurred_on) AS first_on
    FROM purchases_purchase
    WHERE customer_id IS NOT NULL AND stands
        AND (%(branch)s::bigint IS NULL OR branch_id = %(branch)s)
    GROUP BY customer_id
)
SELECT
    starts_on,
    ends_on,
    at_start.customers,
    (SELECT count(*) FROM newcomers WHERE first_on >= starts_on AND first_on < ends_on),
    at_end.customers
FROM windows
JOIN active AS at_start ON at_start.day = starts_on
JOIN active AS at_end ON at_end.day = ends_on
"""


@dataclass(frozen=True)
class Retention:
    """
    CRR = (E − N) / S × 100, the usual formula: S active customers at the start, E at the end,
    N with their first purchase inside.
    """

    period: Period
    active_days: int
    at_start: int
    new: int
    at_end: int

    @property
    def rate(self) -> Share:
        return Share(self.at_end - self.new, self.at_start)


def active_days_for(period: Period) -> int:
    """
    Never fewer days than the period has: a newcomer who bought in it must still be active at its
    end, or the formula would take off people it never counted.
    """
    return max(ACTIVE_DAYS, period.days)


def retention(
    *,
    since: date,
    until: date,
    active_days: int = ACTIVE_DAYS,
    branch: int | None = None,
) -> Retention:
    """
    Retention from `since` to `until`, both inside. Active on a day means a purchase in the
    `active_days` days before it. One query.
    """
    period = Period(since, until)
    return retention_of([period], active_days=active_days, branch=branch)[0]


def retention_of(
    periods: Sequence[Period], *, active_days: int = ACTIVE_DAYS, branch: int | None = None
) -> tuple[Retention, ...]:
    """Retention of several periods, in their order. One query for all."""
    rows = ask(
        _RETENTION_SQL,
        {
            "starts": [period.first for period in periods],
            "ends": [period.end for period in periods],
            "active_days": active_days,
            "branch": branch,
        },
    )
    found = {(starts_on, ends_on): figures for starts_on, ends_on, *figures in rows}
    return tuple(
        Retention(period, active_days, *found[period.first, period.end]) for period in periods
    )


def retention_by_month(
    *, until: date, months: int = 12, branch: int | None = None
) -> tuple[tuple[Retention, ...], tuple[Retention, ...]]:
    """
    The newest months that are over on `until`, and as many before them, oldest first. One query.
    """
    periods = full_months_until(until, count=2 * months)
    both = retention_of(periods, branch=branch)
    return both[months:], both[:months]
