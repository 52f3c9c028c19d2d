"""Cancelling a redemption: the voucher ends, the piece is back on the shelf, the points return."""

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from loyalty.dates import local_date
from loyalty.ledger import services as ledger
from loyalty.ledger.reversals import give_back
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from loyalty.transactions import whole
from rewards.models import Redemption, Reward, Voucher
from rewards.vouchers import VoucherRefused


@whole
def cancel_redemption(
    *, redemption: Redemption, source: str, reason: str, at: datetime, by: User | None
) -> Redemption:
    """
    Give the points of a redemption back into the lots they were taken from, with the last day
    those had: what has ended meanwhile comes back as expired. A redemption is cancelled once; a
    retry returns it as the first call left it.

    Raises VoucherRefused when its voucher was used or has ended: then the customer had it.
    """
    ledger.lock_accounts([redemption.customer_id])
    current = Redemption.objects.select_related("voucher").get(pk=redemption.pk)
    if current.cancelling_entry_id is not None:
        return current
    _end_voucher(current.voucher, at=at)
    _free_place(current.reward_id)
    posted = give_back(
        entry_id=current.entry_id,
        points=current.cost_points,
        source=source,
        reference=f"cancel:{current.pk}",
        reason=reason,
        at=at,
        recorded_at=at,
        by_id=by.pk if by else None,
    )
    current.cancelling_entry_id = posted.entry_id
    current.save(update_fields=["cancelling_entry"])
    return current


def _free_place(reward_id: int) -> None:
    """
    One more on the shelf, one less redeemed. Nothing stays nothing where that is not counted; the
    lock keeps whoever begins to count waiting.
    """
    reward = Reward.objects.select_for_update(no_key=True).get(pk=reward_id)
    if reward.stock is not None or reward.redeemed_total is not None:
        Reward.objects.filter(pk=reward_id).update(
            stock=F("stock") + 1, redeemed_total=F("redeemed_total") - 1
        )


def _end_voucher(voucher: Voucher, *, at: datetime) -> None:
    """Cancel a voucher that could still be used; the row's lock keeps a second till waiting."""
    current = Voucher.objects.select_for_update().get(pk=voucher.pk)
    if current.state == Voucher.State.USED:
        raise VoucherRefused(_("This voucher was used, so it cannot be cancelled."))
    if local_date(at, get_shop().zone) > current.expires_on:
        raise VoucherRefused(_("This voucher has ended, so it cannot be cancelled."))
    current.state = Voucher.State.CANCELLED
    current.save(update_fields=["state"])
