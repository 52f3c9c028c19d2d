"""Vouchers that nobody paid points for."""

from datetime import date, datetime

from customers.services import new_token
from rewards.models import Terms, Voucher, VoucherUse
from rewards.redemption import new_code


def issue(
    *,
    customer_id: int,
    terms: Terms,
    at: datetime,
    usable_from: date | None,
    expires_on: date,
    coupon: str = "",
    source: str = "",
    reference: str = "",
    replaces: VoucherUse | None = None,
) -> Voucher:
    """
    A new voucher for the customer, on these terms of its reward. It was promised: neither an empty
    shelf nor a reward that is no longer offered for points keeps it back, and it takes nothing from
    that shelf's count.
    """
    code = new_code()
    while Voucher.objects.filter(code=code).exists():
        code = new_code()
    return Voucher.objects.create(
        customer_id=customer_id,
        reward_id=terms.reward_id,
        terms=terms,
        code=code,
        token=new_token(),
        issued_at=at,
        usable_from=usable_from,
        expires_on=expires_on,
        coupon=coupon,
        source=source,
        reference=reference,
        replaces=replaces,
    )
