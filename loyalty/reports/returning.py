"""The second-visit rate: how many new customers come back, and how soon."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from loyalty.reports.asking import ask
from loyalty.reports.shares import Share

DEFINITION = _(
    "Those who bought a second time within so many days, divided by the new customers who have "
    "had that many days since their first purchase."
)
WITHIN_DAYS = (30, 60, 90, 180)

_SECOND_VISIT_SQL = """
WITH starts AS (
    SELECT
        min(occurred_on) AS first_on,
        (array_agg(occurred_on ORDER BY occurred_at, id))[2] AS second_on
    FROM purchases_purchase
    WHERE customer_id IS NOT NULL AND stands
        AND occurred_on <= %(on)s
        AND (%(branch)s::bigint IS NULL OR branch_id = %(branch)s)
    GROUP BY customer_id
)
SELECT days, count(*) FILTER (WHERE second_on <= first_on + days), count(*)
FROM starts
-- Who bought first 60 days ago has the rest of today: only days that are over count.
JOIN unnest(%(within_days)s::int[]) AS days ON first_on + days < %(on)s
WHERE (%(since)s::date IS NULL OR first_on >= %(since)s)
    AND (%(until)s::date IS NULL OR first_on <= %(until)s)
GROUP BY days
"""


@dataclass(frozen=True)
class SecondVisit:
    days: int
    share: Share  # Of new customers who have had that many days.


def second_visits(
    *,
    on: date,
    since: date | None = None,
    until: date | None = None,
    branch: int | None = None,
    within_days: tuple[int, ...] = WITHIN_DAYS,
) -> tuple[SecondVisit, ...]:
    """
    Of customers whose first purchase was between `since` and `until` (both inside), how many
    had bought again within 30, 60, 90 and 180 days, as known on the day `on`. One query.
    """
    answers = {"on": on, "since": since, "until": until, "branch": branch}
    rows = ask(_SECOND_VISIT_SQL, answers | {"within_days": list(within_days)})
    found = {days: Share(part, whole) for days, part, whole in rows}
    return tuple(SecondVisit(days, found.get(days, Share(0, 0))) for days in within_days)
