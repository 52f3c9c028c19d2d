"""Which part of the revenue comes from members, and from which tier."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from loyalty.reports.asking import ask
from loyalty.reports.shares import Share

DEFINITION = _(
    "Money from bills with a customer, divided by all money taken, bills without a customer "
    "included. Customers stand under the tier they have today."
)

# No standing yet: a member whose purchases were brought in without points.
_REVENUE_SQL = """
SELECT
    customer_id IS NOT NULL AS is_member,
    coalesce(tier_key, '') AS tier_key,
    count(DISTINCT customer_id) AS customers,
    count(*) AS purchases,
    sum(amount_minor - refunded_minor)::bigint AS amount_minor
FROM purchases_purchase
LEFT JOIN tiers_standing USING (customer_id)
WHERE stands
    AND (%(since)s::date IS NULL OR occurred_on >= %(since)s)
    AND (%(until)s::date IS NULL OR occurred_on <= %(until)s)
    AND (%(branch)s::bigint IS NULL OR branch_id = %(branch)s)
GROUP BY 1, 2
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Takings:
    tier_key: str  # Empty: no tier yet, or no member.
    customers: int
    purchases: int
    amount_minor: int


@dataclass(frozen=True)
class Revenue:
    tiers: tuple[Takings, ...]  # Of members, by the key of their tier.
    anonymous: Takings

    @property
    def total_minor(self) -> int:
        return self.anonymous.amount_minor + sum(row.amount_minor for row in self.tiers)

    @property
    def of_members(self) -> Share:
        total = self.total_minor
        return Share(total - self.anonymous.amount_minor, total)


def revenue(
    *, since: date | None = None, until: date | None = None, branch: int | None = None
) -> Revenue:
    """
    Revenue between the two days (both inside) by the tier members are in now, and of sales
    without a customer. Minor units. One query.
    """
    rows = ask(_REVENUE_SQL, {"since": since, "until": until, "branch": branch})
    members = tuple(Takings(*row) for is_member, *row in rows if is_member)
    anonymous = [Takings(*row) for is_member, *row in rows if not is_member]
    return Revenue(members, anonymous[0] if anonymous else Takings("", 0, 0, 0))
