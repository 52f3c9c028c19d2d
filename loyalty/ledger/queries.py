"""What a customer has, and how it came about."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, DateField, Q, QuerySet, Sum, When
from django.db.models.functions import Greatest

from loyalty.ledger.models import Account, Entry, Lot

# The last day of a lot that is open; of one for ever, none.
_ENDS_ON = Case(
    When(expires_on__isnull=False, then=Greatest("expires_on", "account__active_until")),
    output_field=DateField(null=True),
)


@dataclass(frozen=True)
class Points:
    """Whole points of one customer on one day."""

    usable: int
    # (last day, points) of what ends, soonest first.
    expiring: tuple[tuple[date, int], ...]
    # (first day, points) of what cannot be used yet, soonest first.
    pending: tuple[tuple[date, int], ...] = ()
    owed: int = 0  # What the next points repay; then there are no others.


def points_of(customer_id: int, *, on: date) -> Points:
    """
    What the customer can use on that day: past lots do not count, whether or not the expiry
    job has run, and pending ones not yet. One query; two for a customer who has nothing.
    """
    lots = list(
        Lot.objects.filter(account_id=customer_id, remaining__gt=0)
        .values_list("usable_from", _ENDS_ON)
        .annotate(points=Sum("remaining"))
    )
    if not lots:
        return Points(0, (), owed=_owed(customer_id))
    open_lots = [lot for lot in lots if lot[1] is None or lot[1] >= on]
    waiting = [lot for lot in open_lots if lot[0] is not None and lot[0] > on]
    return Points(
        usable=sum(lot[2] for lot in open_lots) - sum(lot[2] for lot in waiting),
        expiring=_by_day((lot[1], lot[2]) for lot in open_lots),
        pending=_by_day((lot[0], lot[2]) for lot in waiting),
    )


def _owed(customer_id: int) -> int:
    balance = Account.objects.filter(pk=customer_id).values_list("balance", flat=True).first()
    return max(0, -(balance or 0))


def _by_day(parts: Iterable[tuple[date | None, int]]) -> tuple[tuple[date, int], ...]:
    days: Counter[date] = Counter()
    for day, points in parts:
        if day is not None:
            days[day] += points
    return tuple(sorted(days.items()))


@dataclass(frozen=True)
class OpenLot:
    """What is left of one credit. Points are whole."""

    points: int  # As it was given.
    remaining: int
    usable_from: date | None  # None: at once.
    ends_on: date | None  # The last day; None: for ever.


def open_lots(customer_id: int, *, on: date) -> list[OpenLot]:
    """
    The lots that `points_of` counts, pending ones too, that which ends first on top. One query.
    """
    lots = Lot.objects.filter(account_id=customer_id, remaining__gt=0).annotate(ends_on=_ENDS_ON)
    lots = lots.filter(Q(ends_on=None) | Q(ends_on__gte=on)).order_by("ends_on", "pk")
    return [
        OpenLot(*row) for row in lots.values_list("points", "remaining", "usable_from", "ends_on")
    ]


def entries_of(customer_id: int) -> QuerySet[Entry]:
    """The customer's entries, newest first, with the lot, debt and allocations that explain them."""
    return (
        Entry.objects.filter(account_id=customer_id)
        .select_related("lot", "debt")
        .prefetch_related("allocations__lot")
        .order_by("-number")
    )
