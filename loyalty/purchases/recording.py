"""A sale at the till: it earns, it counts towards the tier, and it is written once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.queries import numbers_of
from loyalty.dates import local_date
from loyalty.errors import Conflict, InvalidInput
from loyalty.ledger.models import Entry
from loyalty.ledger.services import Credit, check_points
from loyalty.programme.paying import Offer
from loyalty.purchases import referring
from loyalty.purchases.at_once import Glimpse, glimpse, record_at_once
from loyalty.purchases.bill import Bill, is_writable, request_hash
from loyalty.purchases.looking import glance, look
from loyalty.purchases.models import Purchase
from loyalty.purchases.sale import Effect, Sale, effect_of, offer_of
from loyalty.purchases.writing import write
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Course
from loyalty.transactions import repeated
from rewards.models import Voucher
from rewards.queries import brought_by_sale

LONGEST_REFERENCE = 100
PREFIX = len("spend:")  # What the entry of points that pay has before it.
SLACK = timedelta(minutes=10)  # How far a till's clock may be ahead.


@dataclass(frozen=True)
class Recorded:
    """What a sale did; the same however often it is asked for. Points are whole."""

    purchase: Purchase
    usable_from: date | None  # The first day its points can be used; None: at once, or none.
    # How its points came about, as the ledger keeps it; empty where it earned none.
    explanation: dict[str, Any]
    replayed: bool  # The sale had been recorded before; nothing was written now.
    coupons: tuple[Voucher, ...] = ()  # That it brought for the next purchase.

    @property
    def balance(self) -> int:
        """After the sale; 0 for an anonymous one."""
        return self.purchase.balance_after

    @property
    def pending(self) -> int:
        """Of the points it earned, those that cannot be used at once."""
        return self.purchase.points if self.usable_from else 0

    @property
    def tier_before(self) -> str:
        """The tier's key; empty for an anonymous sale."""
        return self.purchase.tier_before

    @property
    def tier_after(self) -> str:
        return self.purchase.tier_after


@dataclass(frozen=True)
class Quote:
    """What a sale would come to."""

    effect: Effect
    offer: Offer  # How many of the customer's points could pay for it.

    @property
    def points(self) -> int:
        """What the customer would get; 0 for an anonymous sale."""
        return self.effect.points


def quote(*, customer: Customer | None, branch: Branch | None, bill: Bill, at: datetime) -> Quote:
    """
    What the sale of `bill` in `branch` would come to at that moment. Writes nothing. Raises
    InvalidInput naming the field, and PointsRefused.
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
    met = glance(customer.kept_id if customer else None, sale, course)
    effect = effect_of(sale, met)
    return Quote(effect, offer_of(sale, met, effect))


@repeated
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
    met: Glimpse | None = None,
) -> Recorded:
    """
    Record the sale of `bill` that happened `at`: price it by the rules of that moment, take the
    points that pay, add those it earns at the customer's current tier rate, then look at the tier
    again. Without a customer it only counts as revenue. `met` is what this very sale met a moment
    ago, if the caller has looked: nothing is written that does not hold by then.

    Safe to retry with the same `source` and `reference`: the same sale answers as it did first;
    another sale raises Conflict and writes nothing. Raises InvalidInput naming the field, also
    for a sale that is still to come and for payments that are not what is due; and where points are
    to pay PointsRefused, InsufficientPoints or AccountFrozen.
    """
    check_sale(reference=reference, bill=bill, at=at, recorded_at=recorded_at)
    customer_id = customer.pk if customer else None
    met = met or glimpse(source=source, reference=reference, customer_id=customer_id)
    sale = Sale(
        source=source,
        reference=reference,
        customer_id=customer_id,
        branch_id=branch.pk if branch else None,
        branch_key=branch.key if branch else "",
        bill=bill,
        at=at,
        on=local_date(at, met.course.zone),
        recorded_at=recorded_at,
        by_id=by.pk if by else None,
    )
    written = record_at_once(sale, met)
    if written is None:
        return _record(sale, met.course)
    if met.is_awaited and customer_id is not None:
        referring.after_sale(customer_id, at=recorded_at)
    return _recorded(*written)


@transaction.atomic
def _record(sale: Sale, course: Course) -> Recorded:
    """The same for any sale, step by step under the locks."""
    met = look(sale, course)
    if isinstance(met, Purchase):
        return _replay(met, sale)
    effect = effect_of(sale, met)
    _check_payments(sale.bill, effect)
    if effect.earning.tier_points:
        check_points(effect.earning.tier_points)
    purchase = write(sale, met, effect)
    if purchase.customer_id is not None:
        referring.after_sale(purchase.customer_id, at=sale.recorded_at)
    recorded = _recorded(purchase, effect.credit)
    return replace(recorded, coupons=_coupons(purchase)) if effect.coupons else recorded


def _coupons(purchase: Purchase) -> tuple[Voucher, ...]:
    return tuple(brought_by_sale(source=purchase.source, reference=purchase.reference))


def _recorded(purchase: Purchase, credit: Credit | None) -> Recorded:
    if credit is None:
        return Recorded(purchase, None, {}, replayed=False)
    return Recorded(purchase, credit.usable_from, credit.explanation, replayed=False)


def check_sale(*, reference: str, bill: Bill, at: datetime, recorded_at: datetime) -> None:
    """Raise InvalidInput, naming the field, for a sale that cannot be, whatever the rules say."""
    longest = LONGEST_REFERENCE - (PREFIX if bill.spend_points else 0)
    if not reference.strip() or len(reference) > longest or not is_writable(reference):
        wanted = _("A receipt number of at most %(count)d letters is needed.") % {"count": longest}
        raise InvalidInput("reference", wanted)
    if at > recorded_at + SLACK:
        raise InvalidInput("occurred_at", _("This moment is still to come."))
    bill.check()


def _check_payments(bill: Bill, effect: Effect) -> None:
    paid = sum(one.amount_minor for one in bill.payments)
    if bill.payments and paid != effect.due_minor:
        wrong = _("The payments come to %(paid)d, and %(due)d is due.")
        raise InvalidInput("payments", wrong % {"paid": paid, "due": effect.due_minor})


def _replay(known: Purchase, sale: Sale) -> Recorded:
    if known.request_hash not in _hashes(sale):
        raise Conflict(_("This receipt number was used for another sale."))
    return recall(known)


def recall(known: Purchase) -> Recorded:
    """What the till was told when that sale was recorded. Two queries, or one if it earned nothing."""
    coupons = _coupons(known)
    if known.entry_id is None:
        return Recorded(known, None, {}, replayed=True, coupons=coupons)
    entry = Entry.objects.select_related("lot").get(pk=known.entry_id)
    return Recorded(known, entry.lot.usable_from, entry.explanation, replayed=True, coupons=coupons)


def _hashes(sale: Sale) -> Iterator[str]:
    """The sale as it was asked for now, or under another number of the same customer."""
    yield request_hash(customer_id=sale.customer_id, branch_id=sale.branch_id, bill=sale.bill)
    for number in numbers_of(sale.customer_id) if sale.customer_id else ():
        yield request_hash(customer_id=number, branch_id=sale.branch_id, bill=sale.bill)
