"""The vouchers that customers hold, and the friends they brought."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q, QuerySet, Sum

from customers.models import Customer
from rewards.models import Referral, SharedVoucher, Voucher


def open_vouchers(customer_id: int, *, on: date) -> QuerySet[Voucher]:
    """The customer's vouchers that can be used on that day, the one that ends first on top."""
    return (
        Voucher.objects.filter(
            customer_id=customer_id, state=Voucher.State.ISSUED, expires_on__gte=on
        )
        .select_related("reward", "terms")
        .order_by("expires_on", "pk")
    )


def closed_vouchers(customer_id: int, *, on: date) -> QuerySet[Voucher]:
    """Those used or past their last day, the newest on top."""
    return (
        Voucher.objects.filter(customer_id=customer_id)
        .filter(~Q(state=Voucher.State.ISSUED) | Q(expires_on__lt=on))
        .select_related("reward", "terms", "used_branch")
        .order_by("-pk")
    )


def brought_by_sale(*, source: str, reference: str) -> QuerySet[Voucher]:
    """The coupons that this sale brought."""
    rows = Voucher.objects.filter(source=source, reference=reference, replaces=None)
    return rows.exclude(coupon="").select_related("reward", "terms").order_by("pk")


def shared_on_offer(*, on: date) -> QuerySet[SharedVoucher]:
    """The vouchers for many that somebody may use on that day."""
    begun = Q(starts_on=None) | Q(starts_on__lte=on)
    left = Q(most_uses=None) | Q(uses__lt=F("most_uses"))
    return SharedVoucher.objects.filter(begun, left, is_active=True, expires_on__gte=on)


@dataclass(frozen=True)
class Brought:
    """The friends a member has brought."""

    friends: int
    paid: int  # Of them, those the member got points for.
    points: int


def brought_by(customer_id: int) -> Brought:
    """What bringing friends has come to for this member, merged numbers included. One query."""
    numbers = Customer.objects.filter(Q(pk=customer_id) | Q(merged_into=customer_id))
    paid = Q(state=Referral.State.PAID, referrer_entry__isnull=False)
    return Brought(
        **Referral.objects.filter(referrer__in=numbers)
        .exclude(state__in=[Referral.State.REFUSED, Referral.State.TAKEN_BACK])
        .aggregate(
            friends=Count("pk"),
            paid=Count("pk", filter=paid),
            points=Sum("referrer_entry__points", filter=paid, default=0),
        )
    )
