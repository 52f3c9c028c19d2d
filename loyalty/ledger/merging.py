"""
Carrying a customer's points to another account, lot by lot, and back again. Thin, typed calls of the
SQL functions in migration 0013; `loyalty.care` says when.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from loyalty.dates import local_date
from loyalty.ledger.models import Allocation, Debt, Entry, Freeze
from loyalty.shop.queries import get_shop

SOURCE = "merge"


@dataclass(frozen=True)
class Carriage:
    """What one merge does to two accounts."""

    kept_id: int
    duplicate_id: int
    reference: str  # The merge's own.
    reason: str
    at: datetime
    by_id: int


def carry_over(carriage: Carriage) -> None:
    """
    Empty the duplicate's account into the kept one's: each lot with its first and last day, what
    is owed as well, and close it. The caller holds both locks, and sets `merged_into` after it.
    """
    _call("ledger_merge", carriage)


def carry_back(carriage: Carriage) -> None:
    """
    Open the duplicate's account again with what is left of what was carried over. The caller
    holds both locks, has cleared `merged_into`, and has found nothing `spent_since`.
    """
    _call("ledger_unmerge", carriage)


def _call(function: str, carriage: Carriage) -> None:
    shop = get_shop()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(%s, %s, %s, %s, %s::date, %s, %s, %s)",
            [
                *(carriage.kept_id, carriage.duplicate_id, carriage.reference, carriage.reason),
                *(local_date(carriage.at, shop.zone), shop.time_zone, carriage.at),
                carriage.by_id,
            ],
        )


def spent_since(*, kept_id: int, duplicate_id: int, reference: str) -> list[int]:
    """
    The numbers of the kept account's entries that stand in the way of carrying back: they took
    from the lots that came over, or undid something of the duplicate's, or repaid its debt.
    """
    ours = Q(source=SOURCE, kind=Entry.Kind.MERGE, reference__startswith=f"{reference}:")
    roots = Entry.objects.filter(ours, account_id=kept_id, reverses=None, lot__isnull=False).values(
        "lot__origin"
    )
    takers = (
        Allocation.objects.filter(lot__account_id=kept_id, lot__origin__in=roots)
        .exclude(entry__kind__in=[Entry.Kind.EXPIRE, Entry.Kind.MERGE])
        .values("entry")
    )
    owed = Debt.objects.filter(
        entry__source=SOURCE, entry__reference=f"{reference}:debt:out", account_id=kept_id
    )
    payers = Allocation.objects.filter(debt__in=owed)
    undoing = Entry.objects.filter(
        account_id=kept_id, kind=Entry.Kind.REVERSE, reverses__account_id=duplicate_id
    )
    found = Entry.objects.filter(
        Q(pk__in=takers) | Q(pk__in=payers.values("entry")) | Q(pk__in=undoing.values("pk"))
    )
    return list(found.order_by("number").values_list("number", flat=True))


def frozen(customer_ids: list[int]) -> bool:
    """Whether the points of one of them are being checked."""
    return Freeze.objects.filter(account__in=customer_ids, lifted_at=None).exists()
