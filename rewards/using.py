"""Keeping what vouchers did in a sale, in the sale's own transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rewards.models import Voucher, VoucherUse
from rewards.presenting import Presented


@dataclass(frozen=True)
class InSale:
    """The sale that uses them."""

    source: str
    reference: str
    customer_id: int | None
    branch_id: int | None
    at: datetime
    by_id: int | None


def use_in_sale(used: Sequence[tuple[Presented, int]], sale: InSale) -> None:
    """
    Mark the vouchers used and keep what each took off, in minor units. The caller holds the locks
    of `presenting.present`; the database refuses a use too many with IntegrityError.
    """
    if not used:
        return
    mine = [one.voucher_id for one, _minor in used if one.voucher_id is not None]
    Voucher.objects.filter(pk__in=mine).update(
        state=Voucher.State.USED,
        used_at=sale.at,
        used_branch_id=sale.branch_id,
        used_by_id=sale.by_id,
        used_reference=sale.reference,
    )
    VoucherUse.objects.bulk_create(
        VoucherUse(
            voucher_id=one.voucher_id,
            shared_id=one.shared_id,
            customer_id=sale.customer_id,
            source=sale.source,
            reference=sale.reference,
            place=one.ticket.place + 1,
            minor=minor,
            used_at=sale.at,
            used_branch_id=sale.branch_id,
            used_by_id=sale.by_id,
        )
        for one, minor in used
    )
