"""Customers who may be one person. Suggestions for people: nobody is merged by them."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from django.db import connection

from customers.models import Customer

GROUPS_AT_ONCE = 200
MOST_NAMESAKES = 30  # Of more people with one name nothing can be said.
# One pass over all customers: whoever is asked for was just enrolled, and a plan made of what the
# planner knew before would go over them once for each.
_NAMESAKES = """
SELECT array_agg(id ORDER BY id) FROM customers_customer
WHERE merged_into_id IS NULL AND name_folded <> ''
GROUP BY name_folded HAVING count(*) BETWEEN 2 AND %s AND bool_or(id = ANY (%s))
ORDER BY min(id)
"""


def doubles_of(ids: Sequence[int]) -> Iterator[tuple[Customer, Customer]]:
    """
    Pairs of which one is among `ids`, who have the same name but for marks and capitals, and the
    same birthday with its year or phones that a slip of the finger tells apart. The older first.
    """
    asked = set(ids)
    groups = _namesakes(ids)
    for start in range(0, len(groups), GROUPS_AT_ONCE):
        some = groups[start : start + GROUPS_AT_ONCE]
        customers = Customer.objects.in_bulk([pk for group in some for pk in group])
        for group in some:
            for one, other in combinations((customers[pk] for pk in group), 2):
                if asked & {one.pk, other.pk} and _may_be_one(one, other):
                    yield one, other


def _namesakes(ids: Sequence[int]) -> list[list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(_NAMESAKES, [MOST_NAMESAKES, list(ids)])
        return [group for (group,) in cursor.fetchall()]


def _may_be_one(one: Customer, other: Customer) -> bool:
    known = one.birthday is not None and one.birthday.year is not None
    return (known and one.birthday == other.birthday) or near(one.phone, other.phone)


def near(one: str, other: str) -> bool:
    """
    Whether two phones differ by one slip: a digit wrong, too many or missing, or two changed over.

    >>> near("+84912345678", "+84912345687"), near("+84912345678", "+84912345978")
    (True, True)
    >>> near("+84912345678", "+84912354687"), near("", "+84912345678")
    (False, False)
    """
    if not one or not other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) != len(other):
        short, long = sorted((one, other), key=len)
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    wrong = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        first, second = wrong
        return (one[first], one[second]) == (other[second], other[first])
    return len(wrong) < 2
