"""What a customer has, and how it came about."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router
from pydantic import BaseModel, Field

from loyalty.dates import local_date
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.queries import OpenLot, entries_of, open_lots, points_of
from loyalty.programme.ladder import Tier
from loyalty.shop.queries import get_shop
from loyalty.tiers.queries import Progress, progress_of
from loyalty.web.api.answering import reply, tell
from loyalty.web.api.cursors import MOST_A_PAGE, USUAL_A_PAGE, read_cursor, write_cursor
from loyalty.web.api.entering import Key, KeyRequest, Scope
from loyalty.web.api.pointing import customer_at
from loyalty.web.api.reading import Digits

router = Router(tags=["Points"])


class DayPoints(BaseModel):
    day: date
    points: int


class LotOut(BaseModel):
    points: int  # As it was given.
    remaining: int
    usable_from: date | None  # Null: at once.
    expires_on: date | None  # The last day; null: never.


class TierOut(BaseModel):
    key: str
    name: str
    name_en: str


class ProgressOut(BaseModel):
    counts: str  # What leads up: spend (minor units), points or visits.
    counted: int
    remaining: int  # To the next tier; 0 at the top.
    next_tier: TierOut | None
    held_through: date | None  # The tier is safe through that day; null: no review is due.


class PointsOut(BaseModel):
    balance: int  # Of the ledger; below zero when points are owed.
    usable: int  # Today.
    owed: int  # What the next points repay.
    pending: list[DayPoints]  # From that day on they can be used.
    expiring: list[DayPoints]  # Through that day they can be used.
    lots: list[LotOut]
    tier: TierOut
    progress: ProgressOut


class EntryOut(BaseModel):
    number: int
    kind: str  # earn, redeem, expire, adjust, reverse.
    points: int  # Signed.
    balance_after: int
    source: str
    reference: str
    reason: str
    occurred_at: datetime
    recorded_at: datetime
    usable_from: date | None
    expires_on: date | None
    explanation: dict[str, Any]  # How the points came about.


class EntriesOut(BaseModel):
    entries: list[EntryOut]  # Newest first.
    next: str | None  # The next page's cursor; null: this is the last one.


class Page(BaseModel):
    cursor: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[Digits, Field(ge=1, le=MOST_A_PAGE)] = USUAL_A_PAGE


@router.get(
    "/customers/{customer_id}/points",
    auth=Key(Scope.READ),
    response=PointsOut,
    summary="Show balance, lots and tier",
)
def points(request: KeyRequest, customer_id: str) -> HttpResponse:
    """The same whether or not the jobs that expire points and review tiers have run."""
    customer = customer_at(customer_id)
    now, zone = timezone.now(), get_shop().zone
    today = local_date(now, zone)
    have = points_of(customer.pk, on=today)
    account = Account.objects.filter(pk=customer.pk).first()
    progress = progress_of(customer.pk, at=now, zone=zone)
    shown = PointsOut(
        balance=account.balance if account else 0,
        usable=have.usable,
        owed=have.owed,
        pending=[DayPoints(day=day, points=count) for day, count in have.pending],
        expiring=[DayPoints(day=day, points=count) for day, count in have.expiring],
        lots=[_lot(lot) for lot in open_lots(customer.pk, on=today)],
        tier=_tier(progress.tier),
        progress=_progress(progress),
    )
    return tell(reply(shown))


@router.get(
    "/customers/{customer_id}/entries",
    auth=Key(Scope.READ, Page),
    response=EntriesOut,
    summary="List what moved points, and why",
)
def entries(request: KeyRequest, customer_id: str, page: Query[Page]) -> HttpResponse:
    """Newest first, a page at a time: give `next` as `cursor` until it is null."""
    customer = customer_at(customer_id)
    place = f"entries/{customer.pk}"
    found = entries_of(customer.pk)
    if page.cursor is not None:
        found = found.filter(number__lt=read_cursor(place, page.cursor))
    rows = list(found[: page.limit + 1])
    shown = rows[: page.limit]
    more = write_cursor(place, shown[-1].number) if len(rows) > page.limit else None
    return tell(reply(EntriesOut(entries=[_entry(row) for row in shown], next=more)))


def _lot(lot: OpenLot) -> LotOut:
    return LotOut(
        points=lot.points,
        remaining=lot.remaining,
        usable_from=lot.usable_from,
        expires_on=lot.ends_on,
    )


def _tier(tier: Tier) -> TierOut:
    return TierOut(key=tier.key, name=tier.name, name_en=tier.name_en)


def _progress(progress: Progress) -> ProgressOut:
    return ProgressOut(
        counts=str(progress.by),
        counted=progress.counted,
        remaining=progress.remaining,
        next_tier=_tier(progress.next_tier) if progress.next_tier else None,
        held_through=progress.held_through,
    )


def _entry(entry: Entry) -> EntryOut:
    lot = getattr(entry, "lot", None)
    return EntryOut(
        number=entry.number,
        kind=entry.kind,
        points=entry.points,
        balance_after=entry.balance_after,
        source=entry.source,
        reference=entry.reference,
        reason=entry.reason,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        usable_from=lot.usable_from if lot else None,
        expires_on=lot.expires_on if lot else None,
        explanation=entry.explanation,
    )
