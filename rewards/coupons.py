"""
Coupons: vouchers that a sale brings for the next one. Everything here happens inside the caller's
transaction, under the lock of the customer's account.
"""

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from loyalty.dates import local_date
from loyalty.programme.coupons import Brought, Coupon
from loyalty.shop.queries import get_shop
from rewards.issuing import issue
from rewards.models import Reward, Voucher, VoucherUse
from rewards.stamps import Event


def give(
    *, customer_id: int, brought: Sequence[Brought], used: Collection[int], event: Event
) -> None:
    """
    Give the customer the coupons that their sale brings: the first of each with the goods it is
    for, and where it repeats the next one whenever a sale used one (`used`: its vouchers). A
    coupon whose reward is not in the catalogue is not given. One query while nothing is due.
    """
    if not brought:
        return
    keys = [one.coupon.key for one in brought]
    held = Voucher.objects.filter(customer=customer_id, coupon__in=keys)
    had = dict(held.exclude(state=Voucher.State.CANCELLED).values_list("pk", "coupon"))
    for one in brought:
        key = one.coupon.key
        again = one.coupon.repeat and any(had.get(pk) == key for pk in used)
        if again or (one.bought and key not in had.values()):
            _give(one.coupon, customer_id, event)


def _give(coupon: Coupon, customer_id: int, event: Event) -> None:
    reward = Reward.objects.select_related("terms").filter(key=coupon.reward).first()
    if reward is None:
        return
    today = local_date(event.recorded_at, get_shop().zone)
    in_its_own_way = coupon.valid_days is not None
    issue(
        customer_id=customer_id,
        terms=reward.terms,
        at=event.recorded_at,
        usable_from=coupon.usable_from(today) if in_its_own_way else reward.usable_from(today),
        expires_on=coupon.last_day(today) or reward.last_day(today),
        coupon=coupon.key,
        source=event.source,
        reference=event.reference,
    )


def given_by(*, source: str, reference: str) -> list[Voucher]:
    """The coupons that this sale brought and that could be used still; their rows are locked."""
    rows = _given(source, reference, Voucher.State.ISSUED)
    return list(rows.select_for_update(no_key=True).order_by("pk"))


def unused_of(*, source: str, reference: str) -> frozenset[int]:
    """The numbers of the coupons that this sale brought and that could be used still."""
    return frozenset(_given(source, reference, Voucher.State.ISSUED).values_list("pk", flat=True))


def used_in(*, source: str, reference: str) -> frozenset[str]:
    """The keys of the coupons that this sale used."""
    uses = VoucherUse.objects.filter(source=source, reference=reference)
    keys = uses.exclude(voucher__coupon="").values_list("voucher__coupon", flat=True)
    return frozenset(key for key in keys if key)


def followed_by_used(*, source: str, reference: str) -> frozenset[str]:
    """The keys of the coupons that this sale brought and that were used since."""
    used = _given(source, reference, Voucher.State.USED)
    return frozenset(used.values_list("coupon", flat=True))


def _given(source: str, reference: str, state: Voucher.State) -> QuerySet[Voucher]:
    rows = Voucher.objects.filter(source=source, reference=reference, replaces=None, state=state)
    return rows.exclude(coupon="")


def cancel(vouchers: Collection[Voucher]) -> None:
    """Nobody can use them any more; the caller has locked them."""
    pks = [voucher.pk for voucher in vouchers]
    if pks:
        Voucher.objects.filter(pk__in=pks).update(state=Voucher.State.CANCELLED)
