"""Reading what only some rules ask of customers: no rule, no query."""

from collections.abc import Collection
from typing import Any

from django.db import connection

from customers.models import Customer
from loyalty.programme.birthdays import Birthday
from loyalty.programme.discounts import discounts_by_priority
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
_USED = """
SELECT coalesce(c.merged_into_id, c.id), u.used
FROM customers_customer c JOIN purchases_discountuse u ON u.customer_id = c.id
WHERE (c.id = ANY (%(ids)s) OR c.merged_into_id = ANY (%(ids)s)) AND NOT u.freed
"""


def extras_of(
    customer_ids: Collection[int], programmes: Collection[Programme]
) -> dict[int, Extras]:
    """What the rules of these programmes ask of these customers beside their standing."""
    caps = {rule.key for one in programmes for rule in one.earn if rule.cap and rule.cap.kept}
    discounts = [rule for one in programmes for rule in discounts_by_priority(one)]
    once = any(rule.conditions.birthday for rule in discounts)
    celebrates = once or any(
        rule.conditions.birthday
        for one in programmes
        for rules in (one.earn, one.marks, one.stamp_cards, one.coupons)
        for rule in rules
    )
    birthdays = _birthdays(customer_ids) if celebrates else {}
    given = _given(customer_ids, caps) if caps else {}
    used = _used(customer_ids) if once else {}
    return {
        pk: Extras(birthdays.get(pk), tuple(given.get(pk, ())), frozenset(used.get(pk, ())))
        for pk in customer_ids
    }


def _birthdays(customer_ids: Collection[int]) -> dict[int, Birthday]:
    told = Customer.objects.filter(pk__in=customer_ids, birth_day__isnull=False)
    columns = told.values_list("pk", "birth_day", "birth_month", "birth_lunar")
    return {pk: Birthday(day, month, lunar) for pk, day, month, lunar in columns if day and month}


def _given(customer_ids: Collection[int], keys: Collection[str]) -> dict[int, list[Given]]:
    found: dict[int, list[Given]] = {}
    for customer_id, *given in _rows(_GIVEN, ids=list(customer_ids), keys=sorted(keys)):
        found.setdefault(customer_id, []).append(Given(*given))
    return found


def _used(customer_ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for customer_id, used in _rows(_USED, ids=list(customer_ids)):
        found.setdefault(customer_id, []).append(used)
    return found


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
