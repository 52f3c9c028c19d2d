"""The first step of a sale: read, under the locks, all that its rules will ask about."""

from loyalty.dates import local_date
from loyalty.ledger import services as ledger
from loyalty.ledger.queries import points_of
from loyalty.purchases.extras import extras_of
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
    return _situation(
        account.customer_id, account.balance, sale, course, pays=bool(sale.bill.spend_points)
    )


def glance(customer_id: int | None, sale: Sale, course: Course) -> Situation:
    """The same for a sale that is only thought of: nothing is locked."""
    if customer_id is None:
        return Situation(course, None)
    pay = course.at(sale.at).programme.pay
    return _situation(customer_id, 0, sale, course, pays=pay is not None and pay.enabled)


def _situation(
    customer_id: int, balance: int, sale: Sale, course: Course, *, pays: bool
) -> Situation:
    climbs = tiers.climbs_of([customer_id], course=course, earliest={customer_id: sale.at})
    today = local_date(sale.recorded_at, course.zone)
    return Situation(
        course,
        climbs[customer_id],
        balance,
        usable=points_of(customer_id, on=today).usable if pays else 0,
        extras=extras_of([customer_id], [course.at(sale.at).programme])[customer_id],
    )
