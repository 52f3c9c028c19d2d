"""Reading what only some rules ask of customers: no rule, no query."""

from collections.abc import Collection, Iterable

from django.db import connection

from loyalty.programme.document import Programme
from loyalty.purchases.sale import Extras, Given

# Who was merged into a customer used things up for both.
_GIVEN = """
SELECT coalesce(c.merged_into_id, c.id), u.rule_key, u.occurred_on, sum(u.points)::bigint
FROM customers_customer c JOIN purchases_capuse u ON u.customer_id = c.id
WHERE (c.id = ANY (%(ids)s) OR c.merged_into_id = ANY (%(ids)s))
    AND u.rule_key = ANY (%(keys)s) AND NOT u.freed
GROUP BY 1, 2, 3
"""


def extras_of(customer_ids: Collection[int], programmes: Iterable[Programme]) -> dict[int, Extras]:
    """What the rules of these programmes ask of these customers beside their standing."""
    keys = {
        rule.key
        for programme in programmes
        for rule in programme.earn
        if rule.cap and rule.cap.kept
    }
    given = _given(customer_ids, keys) if keys else {}
    return {pk: Extras(given=tuple(given.get(pk, ()))) for pk in customer_ids}


def _given(customer_ids: Collection[int], keys: Collection[str]) -> dict[int, list[Given]]:
    found: dict[int, list[Given]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN, {"ids": list(customer_ids), "keys": sorted(keys)})
        for customer_id, *given in cursor.fetchall():
            found.setdefault(customer_id, []).append(Given(*given))
    return found
