"""What a customer has, and how it came about."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum

from loyalty.ledger.models import Entry, Lot


@dataclass(frozen=True)
class Points:
    """Whole points of one customer on one day."""

    usable: int
    # (last day, points) of what ends, soonest first.
    expiring: tuple[tuple[date, int], ...]


def points_of(customer_id: int, *, on: date) -> Points:
    """
    What the customer can use on that day: past lots do not count, whether or not the expiry
    job has run. One query.
    """
    days = (
        Lot.objects.filter(account_id=customer_id, remaining__gt=0)
        .values("expires_on")
        .annotate(points=Sum("remaining"))
        .order_by("expires_on")
    )
    open_days = [
        (row["expires_on"], row["points"])
        for row in days
        if row["expires_on"] is None or row["expires_on"] >= on
    ]
    return Points(
        usable=sum(points for _day, points in open_days),
        expiring=tuple((day, points) for day, points in open_days if day is not None),
    )


def entries_of(customer_id: int) -> QuerySet[Entry]:
    """The customer's entries, newest first, with the lot or the allocations that explain them."""
    return (
        Entry.objects.filter(account_id=customer_id)
        .select_related("lot")
        .prefetch_related("allocations__lot")
        .order_by("-number")
    )
