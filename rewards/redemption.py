"""Spending points on a reward."""

import secrets
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import new_token
from loyalty.dates import local_date
from loyalty.errors import Conflict, DomainError
from loyalty.ledger import services as ledger
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from loyalty.transactions import lock_event, whole
from rewards.models import Redemption, Reward, Voucher

# Without 0 O 1 I L, 2 Z, 5 S, 8 B and U V: a code survives being read aloud over a counter.
CODE_LETTERS = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 8


class RewardUnavailable(DomainError):
    """The reward is not offered, or there is none left."""


@whole
def redeem_reward(
    *,
    customer: Customer,
    reward: Reward,
    source: str,
    reference: str,
    at: datetime,
    by: User | None,
) -> Redemption:
    """
    Spend the customer's points on `reward` and issue its voucher. The catalogue decides the
    cost. `reference` is made once per page render, so a double click redeems once: a retry
    returns the first redemption, and another reward under the same reference raises Conflict.

    Raises RewardUnavailable for a retired reward or an empty shelf, InsufficientPoints when the
    points do not suffice. Then nothing is written.
    """
    lock_event(source, f"redemption:{reference}")
    customer_id = ledger.lock_accounts([customer.pk])[customer.pk].customer_id
    redeemed = (
        Redemption.objects.select_related("voucher")
        .filter(source=source, reference=reference)
        .first()
    )
    if redeemed is not None:
        if (redeemed.customer_id, redeemed.reward_id) != (customer_id, reward.pk):
            raise Conflict(_("This request was used for another reward."))
        return redeemed
    offered = _take_from_shelf(reward)
    posted = ledger.spend(
        customer_id=customer_id,
        points=offered.cost_points,
        source=source,
        reference=reference,
        reason=offered.name,
        at=at,
        by_id=by.pk if by else None,
    )
    redemption = Redemption.objects.create(
        customer_id=customer_id,
        reward=offered,
        entry_id=posted.entry_id,
        source=source,
        reference=reference,
        cost_points=offered.cost_points,
        redeemed_at=at,
    )
    _issue_voucher(redemption, at=at)
    return redemption


def _take_from_shelf(reward: Reward) -> Reward:
    """The reward as the catalogue has it now, one fewer in stock. The update locks its row."""
    taken = (
        Reward.objects.filter(pk=reward.pk, is_active=True)
        .filter(Q(stock__isnull=True) | Q(stock__gt=0))
        .update(stock=F("stock") - 1)
    )
    current = Reward.objects.get(pk=reward.pk)
    if not current.is_active:
        raise RewardUnavailable(_("%(reward)s is no longer offered.") % {"reward": current.name})
    if not taken:
        raise RewardUnavailable(_("%(reward)s has run out.") % {"reward": current.name})
    return current


def _issue_voucher(redemption: Redemption, *, at: datetime) -> Voucher:
    last_day = local_date(at, get_shop().zone) + timedelta(days=redemption.reward.validity_days)
    return Voucher.objects.create(
        redemption=redemption,
        customer_id=redemption.customer_id,
        reward_id=redemption.reward_id,
        code=_new_code(),
        token=new_token(),
        issued_at=at,
        expires_on=last_day,
    )


def _new_code() -> str:
    """A code no voucher has yet; the unique key stands behind the look."""
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _place in range(CODE_LENGTH))
        if not Voucher.objects.filter(code=code).exists():
            return code
