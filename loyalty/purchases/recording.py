"""A sale at the till: it earns, it counts towards the tier, and it is written once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from customers.models import Customer
from customers.queries import numbers_of
from loyalty.dates import local_date
from loyalty.errors import Conflict, InvalidInput
from loyalty.purchases import referring
from loyalty.purchases.bill import Bill, request_hash
from loyalty.purchases.looking import glance, look
from loyalty.purchases.models import Purchase
from loyalty.purchases.sale import Effect, Sale, effect_of
from loyalty.purchases.writing import write
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.transactions import whole


@dataclass(frozen=True)
class Recorded:
    """What a sale did. Points are whole."""

    purchase: Purchase
    balance: int  # After the sale; 0 for an anonymous one.
    tier_before: str  # Keys of tiers; empty for an anonymous sale.
    tier_after: str
    replayed: bool  # The sale had been recorded before; nothing was written now.


def quote(*, customer: Customer | None, branch: Branch | None, bill: Bill, at: datetime) -> Effect:
    """
    What the sale of `bill` in `branch` would come to at that moment. Writes nothing. Raises
    InvalidInput naming the field.
    """
    bill.check()
    course = tiers.course_of(get_shop().zone)
    sale = Sale(
        source="",
        reference="",
        customer_id=customer.pk if customer else None,
        branch_id=branch.pk if branch else None,
        branch_key=branch.key if branch else "",
        bill=bill,
        at=at,
        on=local_date(at, course.zone),
        recorded_at=at,
        by_id=None,
    )
    return effect_of(sale, glance(customer.kept_id if customer else None, course))


@whole
def record_purchase(
    *,
    source: str,
    reference: str,
    customer: Customer | None,
    branch: Branch | None,
    bill: Bill,
    at: datetime,
    recorded_at: datetime,
    by: User | None,
) -> Recorded:
    """
    Record the sale of `bill` that happened `at`, add its points at the customer's current tier
    rate, then look at the tier again. Without a customer it only counts as revenue.

    Safe to retry with the same `source` and `reference`: the same sale answers as it did first;
    another sale raises Conflict and writes nothing. Raises InvalidInput naming the field.
    """
    if not reference or len(reference) > 100:
        raise InvalidInput("reference", _("A receipt number of at most 100 letters is needed."))
    bill.check()
    course = tiers.course_of(get_shop().zone)
    sale = Sale(
        source=source,
        reference=reference,
        customer_id=customer.pk if customer else None,
        branch_id=branch.pk if branch else None,
        branch_key=branch.key if branch else "",
        bill=bill,
        at=at,
        on=local_date(at, course.zone),
        recorded_at=recorded_at,
        by_id=by.pk if by else None,
    )
    met = look(sale, course)
    if isinstance(met, Purchase):
        return _replay(met, sale)
    purchase = write(sale, met, effect_of(sale, met))
    if purchase.customer_id is not None:
        referring.after_sale(purchase.customer_id, at=recorded_at)
    return _recorded(purchase, replayed=False)


def _replay(known: Purchase, sale: Sale) -> Recorded:
    if known.request_hash not in _hashes(sale):
        raise Conflict(_("This receipt number was used for another sale."))
    return _recorded(known, replayed=True)


def _hashes(sale: Sale) -> Iterator[str]:
    """The sale as it was asked for now, or under another number of the same customer."""
    yield request_hash(customer_id=sale.customer_id, branch_id=sale.branch_id, bill=sale.bill)
    for number in numbers_of(sale.customer_id) if sale.customer_id else ():
        yield request_hash(customer_id=number, branch_id=sale.branch_id, bill=sale.bill)


def _recorded(purchase: Purchase, *, replayed: bool) -> Recorded:
    return Recorded(
        purchase, purchase.balance_after, purchase.tier_before, purchase.tier_after, replayed
    )
