"""What an import of sales changes, customer by customer; it tells no personal value."""

import csv
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from loyalty.purchases.imports.doubles import Double, doubles_in
from loyalty.purchases.imports.refused import FileRefused

COLUMNS = ("line", "card", "what", "sales", "points", "tier_before", "tier_after")
# Of customers who are known the card tells who it is; of new ones the first line about them.
_CHANGES = """
WITH sold AS (
    SELECT customer_id, count(*) AS sales, sum(points) AS points,
        (array_agg(tier_before ORDER BY occurred_at, id))[1] AS tier_before,
        (array_agg(tier_after ORDER BY occurred_at DESC, id DESC))[1] AS tier_after
    FROM purchases_purchase
    WHERE batch_id = %(batch)s AND customer_id IS NOT NULL
    GROUP BY customer_id
)
SELECT min(p.line), CASE WHEN c.id <= %(newest)s THEN c.card_number ELSE '' END,
    CASE WHEN c.id <= %(newest)s THEN 'known' ELSE 'new' END,
    s.sales, s.points, s.tier_before, s.tier_after
FROM sold s
JOIN customers_customer c ON c.id = s.customer_id
LEFT JOIN (
    import_person p JOIN customers_customer named ON named.id = p.customer_id
) ON coalesce(named.merged_into_id, named.id) = s.customer_id
GROUP BY c.id, s.sales, s.points, s.tier_before, s.tier_after
ORDER BY 1
"""
_NEW = """
SELECT c.id, min(p.line) FROM import_person p
JOIN customers_customer c ON c.id = p.customer_id
WHERE c.id > %(newest)s
GROUP BY c.id
"""


@dataclass
class Difference:
    """Looks at what one import did, inside its transaction, so that a dry run can tell as well."""

    path: Path | None = None  # Of the CSV file to keep it in.
    tiers: Counter[str] = field(default_factory=Counter)  # Customers who reached it, by its key.
    newest_id: int = 0
    seeks_doubles: bool = False  # Without a file, too.
    doubles: list[Double] = field(default_factory=list)

    def begin(self) -> None:
        """Before anybody is enrolled."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM customers_customer")
            self.newest_id = cursor.fetchone()[0]

    def look(self, batch_id: int) -> None:
        """After everything was recorded. Raises FileRefused when the file cannot be written."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(_CHANGES, {"batch": batch_id, "newest": self.newest_id})
            counted = self._count(cursor)
            if self.seeks_doubles or self.path is not None:
                self.doubles = list(doubles_in(self._new()))
            if self.path is None:
                deque(counted, maxlen=0)
                return
            try:
                with self.path.open("w", encoding="utf-8-sig", newline="") as stream:
                    rows = csv.writer(stream)
                    rows.writerow(COLUMNS)
                    rows.writerows(counted)
                    rows.writerows(map(_row_of, self.doubles))
            except OSError as error:
                raise FileRefused(f"{self.path}: {error.strerror}") from error

    def _count(self, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for row in rows:
            before, after = row[-2:]
            if after != before:
                self.tiers[after] += 1
            yield row

    def _new(self) -> dict[int, int]:
        """The new customers, each with the first line about them."""
        with connection.cursor() as cursor:
            cursor.execute(_NEW, {"newest": self.newest_id})
            return dict(cursor.fetchall())


def _row_of(double: Double) -> Sequence[Any]:
    whom = f"line {double.other_line}" if double.other_line else double.card
    return (double.line, whom, "double", "", "", "", "")
