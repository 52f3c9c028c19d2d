"""The last step of a sale: keep what the rules said, all of it or nothing."""

from loyalty.ledger import services as ledger
from loyalty.purchases import activity
from loyalty.purchases.bill import request_hash
from loyalty.purchases.models import Purchase
from loyalty.purchases.sale import Effect, Sale, Situation
from loyalty.tiers import services as tiers


def write(sale: Sale, situation: Situation, effect: Effect) -> Purchase:
    """Write the sale and all it did to its customer. The caller holds the locks of `look`."""
    purchase = row_of(sale, effect)
    purchase.balance_after = situation.balance
    if effect.active_until and effect.after:
        pk = effect.after.customer_id
        kept = ledger.keep_alive(until={pk: effect.active_until}, at=sale.recorded_at)
        purchase.balance_after = kept[pk]
    if effect.credit:
        posted = ledger.earn(
            credits_due=[effect.credit], source=sale.source, at=sale.recorded_at, by_id=sale.by_id
        )[sale.reference]
        purchase.entry_id, purchase.balance_after = posted.entry_id, posted.balance_after
    if effect.qualification and effect.after:
        tiers.record(
            qualifications=[effect.qualification],
            ends=[effect.after],
            recorded_at=sale.recorded_at,
        )
        activity.add([purchase])
    purchase.save(force_insert=True)
    return purchase


def row_of(sale: Sale, effect: Effect) -> Purchase:
    """The purchase as it will be kept; its entry and its balance are the ledger's to say."""
    return Purchase(
        customer_id=effect.after.customer_id if effect.after else None,
        branch_id=sale.branch_id,
        source=sale.source,
        reference=sale.reference,
        request_hash=request_hash(
            customer_id=sale.customer_id, branch_id=sale.branch_id, bill=sale.bill
        ),
        amount_minor=effect.amount_minor,
        points=effect.points,
        tier_before=effect.tier_before,
        tier_after=effect.tier_after,
        occurred_at=sale.at,
        occurred_on=sale.on,
        recorded_at=sale.recorded_at,
        recorded_by_id=sale.by_id,
        batch_id=sale.batch_id,
    )
