"""The first step of a sale: read, under the locks, all that its rules will ask about."""

from dataclasses import replace

from loyalty.dates import local_date
from loyalty.ledger import services as ledger
from loyalty.ledger.queries import points_of
from loyalty.purchases.extras import extras_of
from loyalty.purchases.models import Purchase
from loyalty.purchases.sale import Sale, Situation
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Course
from loyalty.transactions import lock_event
from rewards.presenting import Present, Presented, present


def look(sale: Sale, course: Course) -> Purchase | Situation:
    """
    The sale as it was recorded before, or the situation it meets. Locks the event first, then
    the customer's account and the bill's vouchers, until the transaction ends. Raises
    UnknownVoucher and VoucherRefused.
    """
    lock_event(sale.source, sale.reference)
    # Look before computing: after the first call the tier, and so the points, may differ.
    known = Purchase.objects.filter(source=sale.source, reference=sale.reference).first()
    if known is not None:
        return known
    if sale.customer_id is None:
        return Situation(course, None, vouchers=_vouchers(None, sale, lock=True))
    account = ledger.lock_accounts([sale.customer_id])[sale.customer_id]
    met = _situation(
        account.customer_id, account.balance, sale, course, pays=bool(sale.bill.spend_points)
    )
    return replace(met, vouchers=_vouchers(account.customer_id, sale, lock=True))


def glance(customer_id: int | None, sale: Sale, course: Course) -> Situation:
    """The same for a sale that is only thought of: nothing is locked."""
    vouchers = _vouchers(customer_id, sale, lock=False)
    if customer_id is None:
        return Situation(course, None, vouchers=vouchers)
    pay = course.at(sale.at).programme.pay
    met = _situation(customer_id, 0, sale, course, pays=pay is not None and pay.enabled)
    return replace(met, vouchers=vouchers)


def _vouchers(customer_id: int | None, sale: Sale, *, lock: bool) -> tuple[Presented, ...]:
    by = Present(customer_id, sale.branch_key, sale.on)
    return present(sale.bill.vouchers, by, lock=lock)


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
