"""Giving money back for a sale: the points, the tier's spend and the activity follow it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from loyalty.dates import local_date
from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.ledger import services as ledger
from loyalty.ledger.reversals import TakenBack, take_back
from loyalty.purchases import activity
from loyalty.purchases.models import Purchase, Refund
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.tiers.models import Qualification
from loyalty.tiers.windows import Event
from loyalty.transactions import lock_event, whole

MAX_REFERENCE = 90


class UnknownPurchase(DomainError):
    def __init__(self) -> None:
        super().__init__(_("This sale is not recorded. Record it first, then refund it."))


@dataclass(frozen=True)
class Clawback:
    """
    What happens to points that a refund takes back and the customer no longer has: they owe
    them, but never so much that their balance falls below `lowest`; the rest is written off, and
    the refund's row says how many. With 0 nobody ever owes points.
    """

    lowest: int  # Whole points, 0 or less.

    def __post_init__(self) -> None:
        if self.lowest > 0:
            raise ValueError(f"lowest must not be above zero: {self.lowest}")


CLAMP = Clawback(0)
NEGATIVE = Clawback(-1_000_000)  # Buying, spending the points and returning the goods never pays.


def purchase_of(*, source: str, reference: str) -> Purchase:
    """
    The sale of that number. Raises UnknownPurchase for a refund that arrives before its sale:
    nothing is parked, the till sends it again once the sale is in.
    """
    purchase = Purchase.objects.filter(source=source, reference=reference).first()
    if purchase is None:
        raise UnknownPurchase
    return purchase


def points_due(purchase: Purchase, *, amount_minor: int) -> int:
    """
    How many of the sale's points giving `amount_minor` more back undoes. What is kept earns its
    part of the points, rounded down, so refunding in pieces comes to the same as at once.
    """
    kept = purchase.amount_minor - purchase.refunded_minor
    return _points_of(purchase, kept) - _points_of(purchase, kept - amount_minor)


def _points_of(purchase: Purchase, kept_minor: int) -> int:
    return purchase.points * kept_minor // purchase.amount_minor


@whole
def refund_purchase(
    *,
    purchase: Purchase,
    amount_minor: int,
    source: str,
    reference: str,
    reason: str,
    at: datetime,
    recorded_at: datetime,
    by: User | None,
    clawback: Clawback = NEGATIVE,
) -> Refund:
    """
    Give `amount_minor` of the sale back and take its part of the points back, first out of the
    lot they came in. The customer's qualifying spend falls by the amount.

    Safe to retry with the same `source` and `reference`: the same refund answers as it did
    first, another one raises Conflict. Raises InvalidInput, and DomainError when more would be
    given back than was paid; then nothing is written.
    """
    if amount_minor <= 0:
        raise InvalidInput("amount", _("The amount must be above zero."))
    asked = _asked(Refund.Kind.REFUND, purchase, amount_minor)
    return _once(
        Refund(
            kind=Refund.Kind.REFUND,
            purchase=purchase,
            source=source,
            reference=reference,
            request_hash=asked,
            amount_minor=amount_minor,
            reason=reason,
            occurred_at=at,
            recorded_at=recorded_at,
            recorded_by=by,
        ),
        clawback,
    )


@whole
def void_purchase(
    *,
    purchase: Purchase,
    source: str,
    reference: str,
    reason: str,
    at: datetime,
    recorded_at: datetime,
    by: User | None,
    clawback: Clawback = NEGATIVE,
) -> Refund:
    """
    Undo all that is left of a sale that should not have been: as a refund of the rest. Retries
    and errors as `refund_purchase`.
    """
    return _once(
        Refund(
            kind=Refund.Kind.VOID,
            purchase=purchase,
            source=source,
            reference=reference,
            request_hash=_asked(Refund.Kind.VOID, purchase, 0),
            amount_minor=0,  # All that is left, known under the lock.
            reason=reason,
            occurred_at=at,
            recorded_at=recorded_at,
            recorded_by=by,
        ),
        clawback,
    )


def _asked(kind: Refund.Kind, purchase: Purchase, amount_minor: int) -> str:
    return hashlib.sha256(f"{kind}/{purchase.pk}/{amount_minor}".encode()).hexdigest()


def _once(refund: Refund, clawback: Clawback) -> Refund:
    if not refund.reference or len(refund.reference) > MAX_REFERENCE:
        raise InvalidInput("reference", _("A receipt number of at most 90 letters is needed."))
    lock_event(refund.source, f"refund:{refund.reference}")
    known = Refund.objects.filter(source=refund.source, reference=refund.reference).first()
    if known is not None:
        if known.request_hash != refund.request_hash:
            raise Conflict(_("This receipt number was used for another refund."))
        return known
    _settle(refund, clawback)
    return refund


def _settle(refund: Refund, clawback: Clawback) -> None:
    """Everything a refund does, under the locks of the account and the sale."""
    account = _lock_account(refund.purchase_id)
    if account is not None:
        refund.balance_after = account.balance
    purchase = Purchase.objects.select_for_update(no_key=True).get(pk=refund.purchase_id)
    left_minor = purchase.amount_minor - purchase.refunded_minor
    if refund.kind == Refund.Kind.VOID:
        refund.amount_minor = left_minor
    if refund.amount_minor > left_minor or left_minor == 0:
        raise DomainError(_("More would be given back than is left of this sale."))
    refund.purchase = purchase
    refund.occurred_on = local_date(refund.occurred_at, get_shop().zone)
    refund.points_due = points_due(purchase, amount_minor=refund.amount_minor)
    refund.points_taken = 0
    if refund.points_due:
        taken = _take_points(refund, clawback)
        refund.entry_id, refund.points_taken = taken.entry_id, taken.points
        refund.balance_after = taken.balance_after
    refund.save(force_insert=True)
    purchase.refresh_from_db(fields=["refunded_minor"])
    if account is not None:
        _lower_spend(refund, account.customer_id)
        activity.take_out(refund)


def _lock_account(purchase_id: int) -> ledger.Locked | None:
    """Lock the account of the sale's customer, who may have been merged, or parted, meanwhile."""
    asked = _customer_of(purchase_id)
    if asked is None:
        return None
    account = ledger.lock_accounts([asked])[asked]
    if _customer_of(purchase_id) == account.customer_id:
        return account
    return _lock_account(purchase_id)


def _customer_of(purchase_id: int) -> int | None:
    return Purchase.objects.values_list("customer_id", flat=True).get(pk=purchase_id)


def _take_points(refund: Refund, clawback: Clawback) -> TakenBack:
    purchase = refund.purchase
    return take_back(
        entry_id=purchase.entry_id or 0,
        points=refund.points_due,
        lowest=clawback.lowest,
        source=refund.source,
        reference=f"refund:{refund.reference}",
        reason=refund.reason,
        explanation={
            "sale": purchase.reference,
            "sale_minor": purchase.amount_minor,
            "sale_points": purchase.points,
            "refunded_before_minor": purchase.refunded_minor,
            "refund_minor": refund.amount_minor,
        },
        at=refund.occurred_at,
        recorded_at=refund.recorded_at,
        by_id=refund.recorded_by_id,
    )


def _lower_spend(refund: Refund, customer_id: int) -> None:
    """What the sale counted for, of what is given back: it may cost a tier, as the rules say."""
    course = tiers.course_of(get_shop().zone)
    climbs = tiers.climbs_of(
        [customer_id], course=course, earliest={customer_id: refund.occurred_at}
    )
    qualification = Qualification(
        customer_id=customer_id,
        source=refund.source,
        reference=f"refund:{refund.reference}",
        spend_minor=-refund.amount_minor,
        points=-refund.points_taken,
        occurred_at=refund.occurred_at,
        recorded_at=refund.recorded_at,
    )
    event = Event(
        refund.occurred_at, refund.occurred_on, -refund.amount_minor, -refund.points_taken
    )
    tiers.record(
        qualifications=[qualification],
        ends=[climbs[customer_id].qualify(event, course)],
        recorded_at=refund.recorded_at,
    )
