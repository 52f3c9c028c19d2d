"""Making vouchers that many may use by one code."""

import re
from datetime import datetime

from django.utils.translation import gettext as _

from loyalty.errors import InvalidInput
from loyalty.shop.models import User
from loyalty.transactions import whole
from rewards.models import SharedVoucher, Voucher
from rewards.redemption import new_code
from rewards.vouchers import tidy_code

_CODE = re.compile(r"[A-Z0-9]{4,20}")


@whole
def share(*, voucher: SharedVoucher, at: datetime, by: User) -> SharedVoucher:
    """
    Keep a new shared voucher, on the terms its reward has now. Its code may be a word for everybody,
    such as TET2027, in any case and with spaces or dashes; without one it gets letters that nobody
    guesses. Raises InvalidInput for a code that is none, or taken.
    """
    voucher.code = free_code(voucher.code)
    voucher.created_at, voucher.created_by = at, by
    voucher.terms_id = voucher.reward.terms_id
    voucher.save(force_insert=True)
    return voucher


def free_code(typed: str) -> str:
    """The code as it is kept, or a new one where none is typed. Raises InvalidInput."""
    # Two more letters than a personal one: never the same, and as hard to guess among many.
    code = tidy_code(typed) or new_code() + new_code()[:2]
    if not _CODE.fullmatch(code):
        raise InvalidInput("code", _("4 to 20 letters A-Z and digits, without marks."))
    if (
        SharedVoucher.objects.filter(code=code).exists()
        or Voucher.objects.filter(code=code).exists()
    ):
        raise InvalidInput("code", _("Another voucher has this code."))
    return code
