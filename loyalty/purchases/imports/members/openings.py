"""Points that files of customers brought along: which there are, and taking a file's back."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext as _

from customers.identity import show_card_number
from customers.models import Customer
from loyalty.ledger.models import MAX_POINTS, Entry
from loyalty.ledger.reversals import Due, take_back_many
from loyalty.purchases.imports.naming import AGAIN
from loyalty.purchases.imports.progress import Report
from loyalty.purchases.imports.voiding import SOURCE
from loyalty.purchases.models import ImportBatch

_PREFIX = "opening:"
AT_ONCE = 5_000
# Entries of the file whose points were used for something since.
_USED = """
SELECT c.card_number
FROM ledger_entry e
JOIN customers_customer c ON c.id = e.account_id
JOIN ledger_lot l ON l.entry_id = e.id
JOIN ledger_allocation a ON a.lot_id = l.id
JOIN ledger_entry user_entry ON user_entry.id = a.entry_id
WHERE e.id = ANY (%s) AND user_entry.kind IN ('redeem', 'adjust', 'merge', 'reverse')
GROUP BY e.id, c.id HAVING sum(a.points) > 0
ORDER BY e.id
"""


class _Known(NamedTuple):
    points: int
    is_undone: bool


class Openings:
    """
    What one source brought in before, by customer and the day the file said. The rules' own day
    is not asked: it may be another one at a retry.
    """

    def __init__(self, source: str) -> None:
        entries = Entry.objects.filter(
            source=source, kind=Entry.Kind.EARN, reference__startswith=_PREFIX
        ).annotate(back=Sum("reversals__points"))
        self._known: dict[str, list[_Known]] = defaultdict(list)
        for reference, points, back in entries.values_list("reference", "points", "back"):
            name = reference.partition(AGAIN)[0]
            self._known[name].append(_Known(points, back is not None))
        self._merged: dict[int, list[int]] = defaultdict(list)

    def meet(self, customer_ids: Sequence[int]) -> None:
        """Learn which other numbers these customers had: what those were given is theirs."""
        merged = Customer.objects.filter(merged_into__in=customer_ids)
        for pk, kept in merged.values_list("pk", "merged_into_id"):
            self._merged[kept or pk].append(pk)

    def points(self, customer_id: int, day: date | None) -> int | None:
        """How many were brought in for that day and stand; None: none yet."""
        for number in (customer_id, *self._merged[customer_id]):
            for known in self._known[_name(number, day)]:
                if not known.is_undone:
                    return known.points
        return None

    def add(self, customer_id: int, day: date | None, points: int) -> str:
        """The reference under which they are to be posted now."""
        name = _name(customer_id, day)
        before = len(self._known[name])
        self._known[name].append(_Known(points, is_undone=False))
        return f"{name}{AGAIN}{before + 1}" if before else name


def _name(customer_id: int, day: date | None) -> str:
    return f"{_PREFIX}{customer_id}:{day or 'own'}"


class Brought(NamedTuple):
    """An entry that a file of customers made."""

    entry_id: int
    account_id: int
    points: int
    reference: str


def of_batch(batch: ImportBatch) -> list[Brought]:
    """The entries that a file of customers made, which is never left unfinished; newest first."""
    if batch.finished_at is None:
        return []
    made = Entry.objects.filter(
        source=batch.source,
        kind=Entry.Kind.EARN,
        reference__startswith=_PREFIX,
        recorded_at=batch.finished_at,
    )
    told = made.order_by("-pk").values_list("pk", "account_id", "points", "reference")
    return [Brought(*row) for row in told]


def used(entries: Sequence[Brought]) -> list[str]:
    """The cards of those on whose points something was built since."""
    with connection.cursor() as cursor:
        cursor.execute(_USED, [[entry.entry_id for entry in entries]])
        return [show_card_number(card) for (card,) in cursor.fetchall()]


def take_back_all(
    entries: Sequence[Brought],
    *,
    batch: ImportBatch,
    at: datetime,
    by_id: int | None,
    report: Report,
) -> None:
    """Take back what is left of the points of these entries. The caller holds their accounts."""
    for first in range(0, len(entries), AT_ONCE):
        take_back_many(
            [
                Due(entry.entry_id, entry.points, f"{batch.pk}:{entry.reference}")
                for entry in entries[first : first + AT_ONCE]
            ],
            lowest=-MAX_POINTS,
            source=SOURCE,
            reason=_("Import undone"),
            at=at,
            recorded_at=at,
            by_id=by_id,
        )
        report("undoing", first, len(entries))
