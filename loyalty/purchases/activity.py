"""One row a customer that sums up their purchases, kept with every sale."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import F

from loyalty.purchases.models import Activity, Purchase, Refund

_ADD = "SELECT purchases_add_activity(%s::bigint[], %s::date[], %s::bigint[])"
# A sale that was wholly given back did not happen: count the customer's others again.
_RECOUNT = """
UPDATE purchases_activity SET first_on = p.first_on, last_on = p.last_on,
    purchases = p.purchases, spend_minor = p.spend_minor
FROM (
    SELECT min(occurred_on) AS first_on, max(occurred_on) AS last_on, count(*) AS purchases,
        sum(amount_minor - refunded_minor) AS spend_minor
    FROM purchases_purchase WHERE customer_id = %(customer)s AND stands
) AS p
WHERE customer_id = %(customer)s
"""


_RECOUNT_ALL = """
INSERT INTO purchases_activity (customer_id, first_on, last_on, purchases, spend_minor)
SELECT customer_id, min(occurred_on), max(occurred_on), count(*), sum(amount_minor - refunded_minor)
FROM purchases_purchase WHERE customer_id = ANY (%s) AND stands
GROUP BY customer_id
"""


def recount(customer_ids: list[int]) -> None:
    """Count these customers' purchases anew. Callers hold the customers' account locks."""
    Activity.objects.filter(customer__in=customer_ids).delete()
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT_ALL, [customer_ids])


def add(purchases: Iterable[Purchase]) -> None:
    """Count these new purchases in. Callers hold the customers' account locks."""
    rows = [(row.customer_id, row.occurred_on, row.amount_minor) for row in purchases]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])


def take_out(refund: Refund) -> None:
    """Count this new refund of a customer's sale out. Callers hold the customer's account lock."""
    purchase = refund.purchase
    theirs = Activity.objects.filter(customer=purchase.customer_id)
    if purchase.stands:
        theirs.update(spend_minor=F("spend_minor") - refund.amount_minor)
        return
    others = Purchase.objects.filter(customer=purchase.customer_id, stands=True)
    if not others.exists():
        theirs.delete()
        return
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"customer": purchase.customer_id})
