"""The customers of a file whom the shop does not have yet."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from customers import bulk
from customers.bulk import NewCustomer

CHUNK = 5_000
# In the order of joining, so that their numbers are as if each had enrolled at the time.
_NEW = """
SELECT external_id, phone, name, joined_at, joined_branch_id
FROM import_person p
WHERE customer_id IS NULL AND EXISTS (
    SELECT FROM import_sale s WHERE s.person = p.person AND s.kind = 'sale'
)
ORDER BY joined_at, line
"""
_NAMELESS = """
SELECT p.customer_id, p.external_id
FROM import_person p JOIN customers_customer c ON c.id = p.customer_id
WHERE c.external_id = '' AND p.external_id <> '' AND p.problem IS NULL
"""


def enrol_new() -> int:
    """Enrol those who have a sale to record; return how many."""
    count = 0
    for people in _chunks(_NEW):
        bulk.enrol_many([NewCustomer(*person) for person in people])
        count += len(people)
    return count


def name_known() -> None:
    """Keep the file's id of customers who were found by their phone and had none."""
    for people in _chunks(_NAMELESS):
        bulk.set_external_ids(dict(people))


def _chunks(sql: str) -> Iterator[list[tuple[Any, ...]]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(CHUNK):
            yield rows
