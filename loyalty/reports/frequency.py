"""How many customers bought once, twice, three times …"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from loyalty.reports.asking import ask
from loyalty.reports.shares import Share

DEFINITION = _(
    "Customers who bought exactly that many times, divided by all customers who bought. "
    "Every bill is a purchase."
)
MOST = 5  # The last group is “this often or more”.

_FREQUENCY_SQL = """
SELECT least(times, %(most)s) AS times, count(*) AS customers
FROM (
    SELECT CASE %(counting)s WHEN 'days' THEN count(DISTINCT occurred_on) ELSE count(*) END AS times
    FROM purchases_purchase
    WHERE customer_id IS NOT NULL AND stands
        AND (%(since)s::date IS NULL OR occurred_on >= %(since)s)
        AND (%(until)s::date IS NULL OR occurred_on <= %(until)s)
        AND (%(branch)s::bigint IS NULL OR branch_id = %(branch)s)
    GROUP BY customer_id
) AS per_customer
GROUP BY 1
"""


class Counting(StrEnum):
    """What one purchase is. Papers on buying behaviour merge a customer's bills of a day."""

    BILLS = "bills"
    DAYS = "days"


@dataclass(frozen=True)
class Times:
    times: int  # The last one: or more.
    share: Share  # Of all customers who bought.


def frequency(
    *,
    since: date | None = None,
    until: date | None = None,
    branch: int | None = None,
    counting: Counting = Counting.BILLS,
    most: int = MOST,
) -> tuple[Times, ...]:
    """
    For 1, 2, … `most` (and more) purchases, how many customers have that many between the two
    days, both inside; without days, ever. Anonymous sales belong to no customer. One query.
    """
    answers = {"since": since, "until": until, "branch": branch, "most": most}
    counted = dict(ask(_FREQUENCY_SQL, answers | {"counting": counting.value}))
    whole = sum(counted.values())
    return tuple(Times(times, Share(counted.get(times, 0), whole)) for times in range(1, most + 1))
