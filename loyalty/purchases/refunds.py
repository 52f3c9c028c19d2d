"""Giving money back for a sale: the points, the tier's spend and the activity follow it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.purchases.bill import check_quantity, check_text, is_writable
from loyalty.purchases.models import Purchase, Refund
from loyalty.purchases.returns import Back, Sold, all_left, by_amount, by_lines
from loyalty.purchases.settling import settle
from loyalty.sayings import said as _
from loyalty.shop.models import User
from loyalty.transactions import lock_event, whole

MAX_REFERENCE = 90
MAX_REASON = 200


class UnknownPurchase(DomainError):
    def __init__(self) -> None:
        super().__init__(_("This sale is not recorded. Record it first, then refund it."))


@dataclass(frozen=True)
class Returned:
    """What comes back: goods worth so much, or so many of these lines; nothing named: all."""

    amount_minor: int | None = None
    lines: tuple[tuple[int, Decimal], ...] = ()  # A line's number on the bill, and how many of it.

    def check(self) -> None:
        """Raise InvalidInput for what no sale can have."""
        if bool(self.lines) is (self.amount_minor is not None):
            raise InvalidInput("amount", _("Give either an amount or lines."))
        if self.amount_minor is not None and self.amount_minor <= 0:
            raise InvalidInput("amount", _("The amount must be above zero."))
        for index, (_number, quantity) in enumerate(self.lines):
            check_quantity(f"lines[{index}].quantity", quantity)

    def of(self, sold: Sold) -> tuple[Back, ...]:
        """The same, for each piece of the sale. Raises DomainError where less is left."""
        if self.lines:
            return by_lines(sold, self.lines)
        return all_left(sold) if self.amount_minor is None else by_amount(sold, self.amount_minor)

    def told(self) -> str:
        """A text that is equal for equal requests only."""
        if not self.lines:
            return str(self.amount_minor or 0)
        return "/".join(f"{number}:{quantity.normalize()}" for number, quantity in self.lines)


def purchase_of(*, source: str, reference: str) -> Purchase:
    """
    The sale of that number. Raises UnknownPurchase for a refund that arrives before its sale:
    nothing is parked, the till sends it again once the sale is in.
    """
    purchase = Purchase.objects.filter(source=source, reference=reference).first()
    if purchase is None:
        raise UnknownPurchase
    return purchase


@whole
def refund_purchase(
    *,
    purchase: Purchase,
    source: str,
    reference: str,
    reason: str,
    at: datetime,
    recorded_at: datetime,
    by: User | None,
    amount_minor: int | None = None,
    lines: tuple[tuple[int, Decimal], ...] = (),
) -> Refund:
    """
    Take goods worth `amount_minor` back, or of each of these `lines`, by its number on the bill,
    so many; one of the two is given. The points they earned are taken back, first out of
    the lot they came in; of what was paid with points its part, or on a full return all, goes
    back into the lots it came from; the qualifying spend falls. What becomes of points that are
    spent meanwhile, and of the points that paid, is as the rules say that are in force `at`.

    Safe to retry with the same `source` and `reference`: the same refund answers as it did
    first, another one raises Conflict. Raises InvalidInput naming the field, and DomainError when
    more would be given back than was paid; then nothing is written.
    """
    returned = Returned(amount_minor, lines)
    returned.check()
    return _once(
        Refund(
            kind=Refund.Kind.REFUND,
            purchase=purchase,
            source=source,
            reference=reference,
            request_hash=_asked(Refund.Kind.REFUND, purchase, returned),
            reason=reason,
            occurred_at=at,
            recorded_at=recorded_at,
            recorded_by=by,
        ),
        returned.of,
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
) -> Refund:
    """
    Undo all that is left of a sale that should not have been: as a refund of the rest. Retries
    and errors as `refund_purchase`.
    """
    everything = Returned()
    return _once(
        Refund(
            kind=Refund.Kind.VOID,
            purchase=purchase,
            source=source,
            reference=reference,
            request_hash=_asked(Refund.Kind.VOID, purchase, everything),
            reason=reason,
            occurred_at=at,
            recorded_at=recorded_at,
            recorded_by=by,
        ),
        everything.of,
    )


def _asked(kind: Refund.Kind, purchase: Purchase, returned: Returned) -> str:
    return hashlib.sha256(f"{kind}/{purchase.pk}/{returned.told()}".encode()).hexdigest()


def _once(refund: Refund, backs_of: Callable[[Sold], Sequence[Back]]) -> Refund:
    check_text("reason", refund.reason, MAX_REASON)
    named = refund.reference.strip() and len(refund.reference) <= MAX_REFERENCE
    if not named or not is_writable(refund.reference):
        raise InvalidInput("reference", _("A receipt number of at most 90 letters is needed."))
    lock_event(refund.source, f"refund:{refund.reference}")
    known = Refund.objects.filter(source=refund.source, reference=refund.reference).first()
    if known is not None:
        if known.request_hash != refund.request_hash:
            raise Conflict(_("This receipt number was used for another refund."))
        return known
    settle(refund, backs_of)
    return refund
