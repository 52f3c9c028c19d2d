"""What a refund does to vouchers: those the sale used, and those it brought."""

from loyalty.programme.document import Programme
from loyalty.purchases.models import Refund
from loyalty.purchases.stamping import units_left
from rewards import coupons
from rewards.returning import give_back_used, reference_of


def after_refund(refund: Refund, *, customer_id: int, sold_by: Programme, is_over: bool) -> None:
    """
    Cancel the unused coupons that what is left of the sale would not bring, by the rules
    `sold_by` that it was made under; when nothing is left (`is_over`), give new vouchers for those
    it used, as `give_back_used` says. The caller holds the lock of the customer's account and has
    kept the refund.
    """
    purchase = refund.purchase
    sale = {"source": purchase.source, "reference": purchase.reference}
    brought = coupons.given_by(**sale)
    if brought:
        kept = frozenset() if is_over else _kept(refund, sold_by)
        coupons.cancel([one for one in brought if one.coupon not in kept])
    if is_over:
        give_back_used(
            **sale,
            customer_id=customer_id,
            refund=(refund.source, reference_of(refund.reference)),
            on=refund.occurred_on,
            at=refund.recorded_at,
            cancelled=refund.kind == Refund.Kind.VOID,
            followed=coupons.followed_by_used(**sale),
        )


def _kept(refund: Refund, sold_by: Programme) -> frozenset[str]:
    """Keys of the coupons that what is left of the sale brings, or that followed on a used one."""
    purchase = refund.purchase
    units, left_minor = list(units_left(purchase)), purchase.amount_minor - purchase.refunded_minor
    earned = {
        coupon.key
        for coupon in sold_by.coupons
        if coupon.is_bought(units)
        and left_minor + purchase.discount_minor >= coupon.conditions.min_order_minor
    }
    return coupons.used_in(source=purchase.source, reference=purchase.reference) | earned
