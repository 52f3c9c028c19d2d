"""
Stopping the redemptions of a customer whose points do not add up, until a person has looked. It
never repairs anything.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from loyalty.errors import DomainError, InvalidInput
from loyalty.ledger.models import Freeze
from loyalty.ledger.services import lock_accounts
from loyalty.sayings import said as _
from loyalty.shop.models import User


@transaction.atomic
def freeze(*, broken: Mapping[int, str], at: datetime) -> list[int]:
    """
    Freeze these customers' redemptions, each for the rule its account breaks; return those who
    were not frozen before. Sales go on: what is earned meanwhile is not in doubt.
    """
    if not broken:
        return []
    lock_accounts(broken)  # A redemption under way ends first; the next one sees the freeze.
    known = set(
        Freeze.objects.filter(account__in=broken, lifted_at=None).values_list(
            "account_id", flat=True
        )
    )
    new = sorted(set(broken) - known)
    Freeze.objects.bulk_create(
        Freeze(account_id=customer_id, rule=broken[customer_id], frozen_at=at)
        for customer_id in new
    )
    return new


@transaction.atomic
def lift(*, customer_id: int, reason: str, at: datetime, by: User) -> None:
    """
    Let the customer redeem again; only the owner may, and says why. The next proof freezes the
    account anew when it is still broken. Safe to retry.
    """
    if by.role != User.Role.OWNER:
        raise DomainError(_("Only the owner may lift a freeze."))
    if not reason.strip():
        raise InvalidInput("reason", _("Say why."))
    customer_id = lock_accounts([customer_id])[customer_id].customer_id
    Freeze.objects.filter(account=customer_id, lifted_at=None).update(
        lifted_at=at, lifted_by=by, lifted_reason=reason.strip()
    )
