"""Using a voucher at the counter, once."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from loyalty.dates import local_date
from loyalty.programme.tickets import TicketRefused
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import get_shop
from loyalty.transactions import whole
from rewards.models import Terms, Voucher, VoucherUse
from rewards.refusals import branch_names

# What a find box takes for a code or a token rather than for a name.
_LOOKS_LIKE = re.compile(r"[A-Z0-9]{8}|[A-Za-z0-9_-]{22}")


class VoucherRefused(TicketRefused):
    """The voucher cannot be used; the text says why, and since when."""


class UnknownVoucher(TicketRefused):
    """No voucher has that code, or it is none of whoever wants to use it."""

    def __init__(self, place: int | None = None) -> None:
        super().__init__(_("This customer has no such voucher."), place)


def tidy_code(typed: str) -> str:
    """
    The code a cashier meant: any case, with or without spaces.

    >>> tidy_code(" 7k3m 92qd")
    '7K3M92QD'
    """
    return re.sub(r"[\s-]", "", typed).upper()


def looks_like_code(typed: str) -> bool:
    """
    Whether that may be a voucher's code or token; a phone number is neither.

    >>> [looks_like_code(typed) for typed in ("7k3m 92qd", "0912 345 678", "Thảo")]
    [True, False, False]
    """
    code = tidy_code(typed)
    return bool(_LOOKS_LIKE.fullmatch(code) or _LOOKS_LIKE.fullmatch(typed.strip()))


def find_voucher(typed: str) -> Voucher | None:
    """The voucher of a typed code or a scanned token, or None. One query."""
    typed = typed.strip().replace("\x00", "")
    vouchers = Voucher.objects.select_related("customer", "reward", "terms", "used_branch")
    return vouchers.filter(Q(token=typed) | Q(code=tidy_code(typed))).first()


@whole
def use_voucher(
    *, voucher: Voucher, reference: str, branch: Branch | None, at: datetime, by: User
) -> Voucher:
    """
    Mark the voucher used and return it. `reference` is made once per page render: a retry with
    the same one by the same person returns the voucher as the first call left it. Exactly one of
    two tills succeeds; the other raises VoucherRefused, as does a voucher before its first day in
    the shop or past its last, or at a branch where it is not taken.
    """
    current = (
        Voucher.objects.select_related("reward", "terms")
        .select_for_update(of=("self",))
        .get(pk=voucher.pk)
    )
    if _was_used_by(current, reference=reference, by=by):
        return current
    zone = get_shop().zone
    check_open(current, on=local_date(at, zone), zone=zone)
    check_branch(current.terms, branch_key=branch.key if branch else "")
    current.state = Voucher.State.USED
    current.used_at = at
    current.used_branch = branch
    current.used_by = by
    current.used_reference = reference
    current.save(update_fields=["state", "used_at", "used_branch", "used_by", "used_reference"])
    return current


def _was_used_by(voucher: Voucher, *, reference: str, by: User) -> bool:
    """Whether this very request used it: two tills may count alike, and a sale is another use."""
    return (
        voucher.state == Voucher.State.USED
        and (voucher.used_reference, voucher.used_by_id) == (reference, by.pk)
        and not VoucherUse.objects.filter(voucher=voucher).exists()
    )


def check_open(voucher: Voucher, *, on: date, zone: ZoneInfo, place: int | None = None) -> None:
    """Raise VoucherRefused for one that cannot be used on that day in the shop's `zone`."""
    if voucher.state == Voucher.State.USED:
        raise VoucherRefused(_used_text(voucher, zone), place)
    if voucher.state == Voucher.State.CANCELLED:
        raise VoucherRefused(_cancelled_text(voucher), place)
    if on > voucher.expires_on:
        ended = _("This voucher ended on %(day)s.") % {"day": day_text(voucher.expires_on)}
        raise VoucherRefused(ended, place)
    if on < local_date(voucher.issued_at, zone):
        raise VoucherRefused(_("This voucher was issued after that day."), place)
    if voucher.usable_from and on < voucher.usable_from:
        first = {"day": day_text(voucher.usable_from)}
        raise VoucherRefused(_("This voucher can be used from %(day)s.") % first, place)


def check_branch(terms: Terms, *, branch_key: str, place: int | None = None) -> None:
    """Raise VoucherRefused where a voucher on these terms is for other branches."""
    if not terms.branches or branch_key in terms.branches:
        return
    told = {"names": branch_names(terms.branches)}
    raise VoucherRefused(_("This voucher can be used only at: %(names)s.") % told, place)


def day_text(day: date) -> str:
    """22/11/2026, for a refusal."""
    return f"{day:%d/%m/%Y}"


def _cancelled_text(voucher: Voucher) -> str:
    if voucher.coupon:
        return _("This voucher was cancelled; the sale that gave it was undone.")
    if voucher.redemption_id is None:
        return _("This voucher was cancelled; its stamps were taken back.")
    return _("This voucher was cancelled; its points were given back.")


def _used_text(voucher: Voucher, zone: ZoneInfo) -> str:
    moment = voucher.used_at and voucher.used_at.astimezone(zone)
    return _("This voucher was used on %(moment)s.") % {"moment": f"{moment:%d/%m/%Y %H:%M}"}
