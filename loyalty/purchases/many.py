"""
Writing many sales at once: what rules say of each, in the order of each customer's, and then one
statement a table. The batches of tills come here; a file's sales have `imports.writing`.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.ledger.services import Credit
from loyalty.purchases import activity
from loyalty.purchases.extras import extras_of
from loyalty.purchases.models import CapUse, Purchase
from loyalty.purchases.sale import Effect, Sale, Situation, effect_of
from loyalty.purchases.writing import cap_uses, keep_lines, lines_of, row_of
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Climb, Course

_COLUMNS = (
    *("customer_id", "branch_id", "source", "reference", "request_hash", "amount_minor"),
    *("shipping_minor", "uncounted_minor", "tier_points", "free_shipping"),
    *("points", "entry_id", "balance_after", "tier_before", "tier_after"),
    *("occurred_at", "occurred_on", "recorded_at", "recorded_by_id", "batch_id"),
)
_COPY = f"COPY purchases_purchase ({', '.join(_COLUMNS)}) FROM STDIN"


def record_many(sales: Sequence[Sale], course: Course) -> list[tuple[Purchase, Credit | None]]:
    """
    Write these sales of one source, of customers and anonymous ones, and return each with what it
    earned. Each customer's come in the order of time. The caller has the transaction, and has
    looked that none of them is recorded. Not for rules with discounts or stamps, unless what is
    told is what was paid.
    """
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
    return [(row, effect.credit) for row, effect in zip(purchases, effects, strict=True)]


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
        activity.add(purchases)
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
    keep_lines(
        lines_of(one, *more[one.reference]) for one in kept if more[one.reference][0].bill.lines
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
