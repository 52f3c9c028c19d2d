"""One row a customer that sums up their purchases, kept with every sale."""

from collections.abc import Iterable

from django.db import connection

from loyalty.purchases.models import Purchase

# Sorted by customer, so that two writers lock rows in the same order.
_ADD = """
INSERT INTO purchases_activity (customer_id, first_on, last_on, purchases, spend_minor)
SELECT customer_id, min(day), max(day), count(*), sum(amount)
FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) AS p (customer_id, day, amount)
GROUP BY customer_id
ORDER BY customer_id
ON CONFLICT (customer_id) DO UPDATE SET
    first_on = least(purchases_activity.first_on, excluded.first_on),
    last_on = greatest(purchases_activity.last_on, excluded.last_on),
    purchases = purchases_activity.purchases + excluded.purchases,
    spend_minor = purchases_activity.spend_minor + excluded.spend_minor
"""


def add(purchases: Iterable[Purchase]) -> None:
    """Count these new purchases of customers in. Callers hold the customers' account locks."""
    rows = [(row.customer_id, row.occurred_on, row.amount_minor) for row in purchases]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])
