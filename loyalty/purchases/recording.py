"""A sale at the till: it earns, it counts towards the tier, and it is written once."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.errors import Conflict, InvalidInput
from loyalty.ledger import services as ledger
from loyalty.money import MAX_MINOR
from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.earning import Earning, earn
from loyalty.purchases import activity
from loyalty.purchases.models import Purchase
from loyalty.purchases.sale import effect_of, request_hash
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Course
from loyalty.transactions import lock_event, whole


@dataclass(frozen=True)
class Recorded:
    """What a sale did. Points are whole."""

    purchase: Purchase
    balance: int  # After the sale; 0 for an anonymous one.
    tier_before: str  # Keys of tiers; empty for an anonymous sale.
    tier_after: str
    replayed: bool  # The sale had been recorded before; nothing was written now.


def quote(
    *, customer: Customer | None, branch: Branch | None, amount_minor: int, at: datetime
) -> Earning:
    """
    What a sale of `amount_minor` in `branch` would earn the customer at that moment. Writes
    nothing.
    """
    course = tiers.course_of(get_shop().zone)
    programme = course.at(at).programme
    tier_key = ""
    if customer is not None:
        climb = tiers.climbs_of([customer.pk], course=course)[customer.pk]
        tier_key = climb.advance(local_date(at, course.zone), course).tier_key
    return earn(
        programme,
        basket=_basket(amount_minor, branch, at, course.zone),
        buyer=Buyer(tier_key),
    )


@whole
def record_purchase(
    *,
    source: str,
    reference: str,
    customer: Customer | None,
    branch: Branch | None,
    amount_minor: int,
    at: datetime,
    recorded_at: datetime,
    by: User | None,
) -> Recorded:
    """
    Record a sale of `amount_minor` that happened `at`, add its points at the customer's
    current tier rate, then look at the tier again. Without a customer it only counts as revenue.

    Safe to retry with the same `source` and `reference`: the same sale answers as it did first;
    another sale raises Conflict and writes nothing. Raises InvalidInput naming the field.
    """
    _check(reference, amount_minor)
    asked = request_hash(
        customer_id=customer.pk if customer else None,
        branch_id=branch.pk if branch else None,
        amount_minor=amount_minor,
    )
    lock_event(source, reference)
    # Look before computing: after the first call the tier, and so the points, may differ.
    known = Purchase.objects.filter(source=source, reference=reference).first()
    if known is not None:
        return _replay(known, asked)
    zone = get_shop().zone
    purchase = Purchase(
        customer=customer,
        branch=branch,
        source=source,
        reference=reference,
        request_hash=asked,
        amount_minor=amount_minor,
        points=0,
        occurred_at=at,
        occurred_on=local_date(at, zone),
        recorded_at=recorded_at,
        recorded_by=by,
    )
    if customer is not None:
        _earn(purchase, customer, _basket(amount_minor, branch, at, zone), tiers.course_of(zone))
    purchase.save(force_insert=True)
    return _recorded(purchase, replayed=False)


def _check(reference: str, amount_minor: int) -> None:
    if not 0 < amount_minor <= MAX_MINOR:
        raise InvalidInput("amount", _("The amount must be above zero."))
    if not reference or len(reference) > 100:
        raise InvalidInput("reference", _("A receipt number of at most 100 letters is needed."))


def _basket(amount_minor: int, branch: Branch | None, at: datetime, zone: ZoneInfo) -> Basket:
    return Basket.of_total(amount_minor, at.astimezone(zone), branch.key if branch else "")


def _earn(purchase: Purchase, customer: Customer, basket: Basket, course: Course) -> None:
    """Everything a sale does for its customer, under the account's lock; fills in `purchase`."""
    purchase.balance_after = ledger.lock_accounts([customer.pk])[customer.pk]
    before = tiers.climbs_of([customer.pk], course=course, earliest={customer.pk: basket.at})
    effect = effect_of(purchase, basket=basket, before=before[customer.pk], course=course)
    if effect.credit:
        posted = ledger.earn(
            credits_due=[effect.credit],
            source=purchase.source,
            at=purchase.recorded_at,
            by_id=purchase.recorded_by_id,
        )[purchase.reference]
        purchase.entry_id, purchase.balance_after = posted.entry_id, posted.balance_after
    tiers.record(
        qualifications=[effect.qualification],
        ends=[effect.after],
        recorded_at=purchase.recorded_at,
    )
    activity.add([purchase])


def _replay(known: Purchase, asked: str) -> Recorded:
    if known.request_hash != asked:
        raise Conflict(_("This receipt number was used for another sale."))
    return _recorded(known, replayed=True)


def _recorded(purchase: Purchase, *, replayed: bool) -> Recorded:
    return Recorded(
        purchase, purchase.balance_after, purchase.tier_before, purchase.tier_after, replayed
    )
