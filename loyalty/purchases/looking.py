"""The first step of a sale: read, under the locks, all that its rules will ask about."""

from loyalty.ledger import services as ledger
from loyalty.purchases.models import Purchase
from loyalty.purchases.sale import Sale, Situation
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Course
from loyalty.transactions import lock_event


def look(sale: Sale, course: Course) -> Purchase | Situation:
    """
    The sale as it was recorded before, or the situation it meets. Locks the event first, then
    the customer's account, until the transaction ends.
    """
    lock_event(sale.source, sale.reference)
    # Look before computing: after the first call the tier, and so the points, may differ.
    known = Purchase.objects.filter(source=sale.source, reference=sale.reference).first()
    if known is not None:
        return known
    if sale.customer_id is None:
        return Situation(course, None)
    account = ledger.lock_accounts([sale.customer_id])[sale.customer_id]
    climbs = tiers.climbs_of(
        [account.customer_id], course=course, earliest={account.customer_id: sale.at}
    )
    return Situation(course, climbs[account.customer_id], account.balance)


def glance(customer_id: int | None, course: Course) -> Situation:
    """The same for a sale that is only thought of: nothing is locked."""
    if customer_id is None:
        return Situation(course, None)
    return Situation(course, tiers.climbs_of([customer_id], course=course)[customer_id])
