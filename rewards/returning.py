"""What becomes of the vouchers of a sale of which nothing is left."""

from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Q, QuerySet

from rewards.issuing import issue
from rewards.models import StampEntry, Voucher, VoucherUse


def give_back_used(
    *,
    source: str,
    reference: str,
    customer_id: int,
    refund: tuple[str, str],
    on: date,
    at: datetime,
    cancelled: bool,
    followed: Collection[str],
) -> list[Voucher]:
    """
    Give the customer a new voucher for each that the sale (`source`, `reference`) used, on the
    same terms, with its first and its last day; none for one that has ended by `on`, none for the
    coupons `followed` by others that stand in their place, and unless the sale was `cancelled` none
    for what was handed over beside the bill, for nobody sees it come back. The used ones stay used.
    `refund` is the source and the reference of what undid the sale; the caller holds the lock of
    the account and calls this once a sale.
    """
    uses = VoucherUse.objects.filter(source=source, reference=reference).order_by("place")
    new = []
    for use in uses.select_related("voucher__terms", "shared__terms"):
        old, shared = use.voucher, use.shared
        one = old or shared
        if one is None or one.expires_on < on or not (use.minor or cancelled):
            continue
        if old and old.coupon in followed:
            continue
        new.append(
            issue(
                customer_id=customer_id,
                terms=one.terms,
                at=at,
                usable_from=old.usable_from if old else None,
                expires_on=one.expires_on,
                coupon=old.coupon if old else "",
                source=refund[0],
                reference=refund[1],
                replaces=use,
            )
        )
    return new


def given_back(*, sale: tuple[str, str], refund: str) -> QuerySet[Voucher]:
    """What that refund of the sale (its source and its reference) gave back. Newest last."""
    rows = Voucher.objects.filter(replaces__source=sale[0], replaces__reference=sale[1])
    return (
        rows.filter(reference=reference_of(refund)).select_related("reward", "terms").order_by("pk")
    )


def ended_by(*, source: str, refund: str, brought: Collection[int]) -> QuerySet[Voucher]:
    """
    What that refund (its source and its reference) cancelled: vouchers of full cards whose stamps
    it took back, and of the coupons `brought` by the sale those that are cancelled by now.
    """
    reopened = StampEntry.objects.filter(
        kind=StampEntry.Kind.REOPENED, source=source, reference=reference_of(refund)
    )
    rows = Voucher.objects.filter(Q(pk__in=brought) | Q(pk__in=reopened.values("voucher")))
    rows = rows.filter(state=Voucher.State.CANCELLED)
    return rows.select_related("reward", "terms").order_by("pk")


def reference_of(refund: str) -> str:
    """What vouchers that a refund of that number gives back are kept under."""
    return f"refund:{refund}"
