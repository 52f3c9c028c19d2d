"""
Recording staged sales: customer by customer in the order of time, a chunk at once.

Each sale asks the same arithmetic as the till, at the tier the customer had reached by then;
what it comes to is collected and written by COPY and one statement a table and chunk.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.purchases import activity
from loyalty.purchases.extras import extras_of
from loyalty.purchases.imports.bills import bill_of
from loyalty.purchases.imports.progress import Report
from loyalty.purchases.models import CapUse, ImportBatch, Purchase, PurchaseLine
from loyalty.purchases.sale import Effect, Sale, Situation, effect_of
from loyalty.purchases.writing import cap_uses, lines_of, row_of
from loyalty.shop.models import Branch
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Climb, Course

CHUNK = 5_000
# By customer, so that accounts are locked in the order every other writer locks them.
_STAGED = """
SELECT coalesce(c.merged_into_id, c.id) AS customer_id, branch_id, reference, amount_minor,
    fees_minor, bill, occurred_at, occurred_on
FROM import_sale s LEFT JOIN customers_customer c ON c.id = s.customer_id
WHERE kind = 'sale'
ORDER BY 1, occurred_at, line
"""
_COLUMNS = (
    *("customer_id", "branch_id", "source", "reference", "request_hash", "amount_minor"),
    *("shipping_minor", "uncounted_minor", "tier_points"),
    *("points", "entry_id", "balance_after", "tier_before", "tier_after"),
    *("occurred_at", "occurred_on", "recorded_at", "recorded_by_id", "batch_id"),
)
_COPY = f"COPY purchases_purchase ({', '.join(_COLUMNS)}) FROM STDIN"

Staged = tuple[int | None, int | None, str, int, int, str | None, datetime, date]


@dataclass
class Tally:
    purchases: int = 0
    points: int = 0


def record_staged(
    *, batch: ImportBatch, at: datetime, total: int, report: Report, chunk: int = CHUNK
) -> Tally:
    """Record every staged sale as part of `batch`, `chunk` sales at a time; return the sums."""
    tally, course, branch_keys = Tally(), tiers.course_of(get_shop().zone), _branch_keys()
    with connection.chunked_cursor() as cursor:
        cursor.execute(_STAGED)
        while rows := cursor.fetchmany(chunk):
            sales = [_sale(row, branch_keys, batch=batch, at=at) for row in rows]
            purchases = _record(sales, course)
            tally.purchases += len(purchases)
            tally.points += sum(purchase.points for purchase in purchases)
            report("recording", tally.purchases, total)
    return tally


def tell_planner() -> None:
    """Let the database look at the tables that have grown, so that what reads them next is fast."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT purchases_analyze()")


def _branch_keys() -> dict[int | None, str]:
    return {None: "", **dict(Branch.objects.values_list("pk", "key"))}


def _sale(
    row: Staged, branch_keys: dict[int | None, str], *, batch: ImportBatch, at: datetime
) -> Sale:
    customer_id, branch_id, reference, amount_minor, fees_minor, told, occurred_at, day = row
    return Sale(
        source=batch.source,
        reference=reference,
        customer_id=customer_id,
        branch_id=branch_id,
        branch_key=branch_keys[branch_id],
        bill=bill_of(json.loads(told or "[]"), amount_minor=amount_minor, fees_minor=fees_minor),
        at=occurred_at,
        on=day,
        recorded_at=at,
        by_id=batch.recorded_by_id,
        batch_id=batch.pk,
    )


def _record(sales: Sequence[Sale], course: Course) -> list[Purchase]:
    """Write these sales, of customers and anonymous ones; they come by customer, then by time."""
    ids = sorted({sale.customer_id for sale in sales if sale.customer_id is not None})
    balances = {pk: account.balance for pk, account in ledger.lock_accounts(ids).items()}
    situations = _situations(ids, sales, course)
    effects = [_effect(sale, situations) for sale in sales]
    balances |= ledger.keep_alive(until=_active_until(effects), at=sales[0].recorded_at)
    posted = ledger.earn(
        credits_due=[effect.credit for effect in effects if effect.credit],
        source=sales[0].source,
        at=sales[0].recorded_at,
        by_id=sales[0].by_id,
    )
    purchases = [row_of(sale, effect) for sale, effect in zip(sales, effects, strict=True)]
    for purchase in purchases:
        if purchase.points:
            entry = posted[purchase.reference]
            purchase.entry_id, balances[purchase.customer_id or 0] = (
                entry.entry_id,
                entry.balance_after,
            )
        purchase.balance_after = balances.get(purchase.customer_id or 0, 0)
    _keep(sales, purchases, effects, [met.climb for met in situations.values() if met.climb])
    return purchases


def _keep(
    sales: Sequence[Sale],
    purchases: Sequence[Purchase],
    effects: Sequence[Effect],
    ends: Sequence[Climb],
) -> None:
    if ends:
        tiers.record(
            qualifications=[effect.qualification for effect in effects if effect.qualification],
            ends=ends,
            recorded_at=purchases[0].recorded_at,
        )
        activity.add(purchase for purchase in purchases if purchase.customer_id is not None)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for purchase in purchases:
            copy.write_row([getattr(purchase, column) for column in _COLUMNS])
    _keep_more(sales, effects)


def _keep_more(sales: Sequence[Sale], effects: Sequence[Effect]) -> None:
    """
    The lines of bills, and the rows that rules with a cap leave. They name the purchase, and
    copying tells no numbers, so these are asked for where something is to be kept.
    """
    more = {
        sale.reference: (sale, effect)
        for sale, effect in zip(sales, effects, strict=True)
        if sale.bill.lines or (effect.earning.given and effect.after)
    }
    if not more:
        return
    kept = list(Purchase.objects.filter(source=sales[0].source, reference__in=list(more)))
    PurchaseLine.objects.bulk_create(
        (
            line
            for one in kept
            if more[one.reference][0].bill.lines
            for line in lines_of(one, *more[one.reference])
        ),
        batch_size=CHUNK,
    )
    CapUse.objects.bulk_create(use for one in kept for use in cap_uses(one, more[one.reference][1]))


def _situations(
    ids: Sequence[int], sales: Sequence[Sale], course: Course
) -> dict[int | None, Situation]:
    climbs = tiers.climbs_of(ids, course=course, earliest=_earliest(sales))
    extras = extras_of(ids, [rules.programme for _moment, rules in course.versions])
    met: dict[int | None, Situation] = {None: Situation(course, None)}
    return met | {pk: Situation(course, climbs[pk], extras=extras[pk]) for pk in ids}


def _earliest(sales: Sequence[Sale]) -> dict[int, datetime]:
    """When each customer's first sale of these happened; they come in the order of time."""
    return {sale.customer_id: sale.at for sale in reversed(sales) if sale.customer_id is not None}


def _active_until(effects: Sequence[Effect]) -> dict[int, date]:
    """Through when these sales keep the points of each customer alive, where they do."""
    latest: dict[int, date] = {}
    for effect in effects:
        if effect.active_until and effect.after:
            pk = effect.after.customer_id
            latest[pk] = max(effect.active_until, latest.get(pk, date.min))
    return latest


def _effect(sale: Sale, situations: dict[int | None, Situation]) -> Effect:
    """What the sale does, moving its customer on in `situations`."""
    met = situations[sale.customer_id]
    effect = effect_of(sale, met)
    situations[sale.customer_id] = met.following(sale, effect)
    return effect
