"""
Recording staged sales: customer by customer in the order of time, a chunk at once.

Each sale asks the same arithmetic as the till, at the tier the customer had reached by then;
what it comes to is collected and written by COPY and one statement a table and chunk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from loyalty.ledger import services as ledger
from loyalty.programme.basket import Basket
from loyalty.purchases import activity
from loyalty.purchases.imports.progress import Report
from loyalty.purchases.models import ImportBatch, Purchase
from loyalty.purchases.sale import Effect, effect_of, request_hash
from loyalty.shop.models import Branch
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Climb, Course

CHUNK = 5_000
# By customer, so that accounts are locked in the order every other writer locks them.
_STAGED = """
SELECT customer_id, branch_id, reference, amount_minor, occurred_at, occurred_on
FROM import_sale ORDER BY customer_id, occurred_at, line
"""
_COLUMNS = (
    *("customer_id", "branch_id", "source", "reference", "request_hash", "amount_minor"),
    *("points", "entry_id", "balance_after", "tier_before", "tier_after"),
    *("occurred_at", "occurred_on", "recorded_at", "recorded_by_id", "batch_id"),
)
_COPY = f"COPY purchases_purchase ({', '.join(_COLUMNS)}) FROM STDIN"

Staged = tuple[int | None, int | None, str, int, datetime, date]


@dataclass(frozen=True)
class _Constants:
    """What does not change from sale to sale."""

    course: Course
    branch_keys: dict[int, str]


@dataclass
class Tally:
    purchases: int = 0
    points: int = 0


def record_staged(
    *, batch: ImportBatch, at: datetime, total: int, report: Report, chunk: int = CHUNK
) -> Tally:
    """Record every staged sale as part of `batch`, `chunk` sales at a time; return the sums."""
    tally, rules = Tally(), _Constants(tiers.course_of(get_shop().zone), _branch_keys())
    with connection.chunked_cursor() as cursor:
        cursor.execute(_STAGED)
        while rows := cursor.fetchmany(chunk):
            purchases = [_purchase(row, batch=batch, at=at) for row in rows]
            _record(purchases, rules, batch=batch, at=at)
            tally.purchases += len(purchases)
            tally.points += sum(purchase.points for purchase in purchases)
            report("recording", tally.purchases, total)
    return tally


def _branch_keys() -> dict[int, str]:
    return dict(Branch.objects.values_list("pk", "key"))


def _purchase(row: Staged, *, batch: ImportBatch, at: datetime) -> Purchase:
    customer_id, branch_id, reference, amount_minor, occurred_at, occurred_on = row
    return Purchase(
        customer_id=customer_id,
        branch_id=branch_id,
        source=batch.source,
        reference=reference,
        request_hash=request_hash(
            customer_id=customer_id, branch_id=branch_id, amount_minor=amount_minor
        ),
        amount_minor=amount_minor,
        points=0,
        occurred_at=occurred_at,
        occurred_on=occurred_on,
        recorded_at=at,
        recorded_by_id=batch.recorded_by_id,
        batch_id=batch.pk,
    )


def _record(
    purchases: Sequence[Purchase],
    rules: _Constants,
    *,
    batch: ImportBatch,
    at: datetime,
) -> None:
    of_customers = [purchase for purchase in purchases if purchase.customer_id is not None]
    if of_customers:
        _earn(of_customers, rules, batch=batch, at=at)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for purchase in purchases:
            copy.write_row([getattr(purchase, column) for column in _COLUMNS])


def _earn(
    purchases: Sequence[Purchase],
    rules: _Constants,
    *,
    batch: ImportBatch,
    at: datetime,
) -> None:
    """The ledger's, the tiers' and the activity's part of these sales, in their order."""
    ids = sorted({purchase.customer_id for purchase in purchases if purchase.customer_id})
    balances = ledger.lock_accounts(ids)
    climbs = tiers.climbs_of(ids, course=rules.course, earliest=_earliest(purchases))
    effects = [_effect(purchase, climbs, rules) for purchase in purchases]
    posted = ledger.earn(
        credits_due=[effect.credit for effect in effects if effect.credit],
        source=batch.source,
        at=at,
        by_id=batch.recorded_by_id,
    )
    for purchase in purchases:
        customer_id = purchase.customer_id or 0
        if purchase.points:
            entry = posted[purchase.reference]
            purchase.entry_id, balances[customer_id] = entry.entry_id, entry.balance_after
        purchase.balance_after = balances[customer_id]
    tiers.record(
        qualifications=[effect.qualification for effect in effects],
        ends=list(climbs.values()),
        recorded_at=at,
    )
    activity.add(purchases)


def _earliest(purchases: Sequence[Purchase]) -> dict[int, datetime]:
    """When each customer's first sale of these happened; they come in the order of time."""
    return {purchase.customer_id or 0: purchase.occurred_at for purchase in reversed(purchases)}


def _effect(
    purchase: Purchase,
    climbs: dict[int, Climb],
    rules: _Constants,
) -> Effect:
    """What the sale does, moving its customer on in `climbs`."""
    customer_id = purchase.customer_id or 0
    basket = Basket.of_total(
        purchase.amount_minor,
        purchase.occurred_at.astimezone(rules.course.zone),
        rules.branch_keys.get(purchase.branch_id or 0, ""),
    )
    effect = effect_of(
        purchase,
        basket=basket,
        before=climbs[customer_id],
        course=rules.course,
    )
    climbs[customer_id] = effect.after
    return effect
