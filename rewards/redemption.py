"""Spending points on a reward."""

import secrets
from datetime import datetime

from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import new_token
from loyalty.errors import Conflict, DomainError
from loyalty.ledger.services import AccountFrozen, InsufficientPoints
from loyalty.shop.models import User
from loyalty.shop.queries import ShopMissing
from loyalty.statements import one_row
from loyalty.transactions import repeated
from rewards.models import Redemption, Reward, Voucher

# Without 0 O 1 I L, 2 Z, 5 S, 8 B and U V: a code survives being read aloud over a counter.
CODE_LETTERS = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 8
CODE_TAKEN = "code taken"
# One call (migration 0003), and so a transaction by itself: lock, look, act.
_REDEEM = """
SELECT outcome, name, redemption_id, voucher_id, entry_id, buyer, cost, usable, last_day
FROM rewards_redeem(%s, %s, %s, %s, %s::timestamptz, %s::bigint, %s, %s)
"""


class RewardUnavailable(DomainError):
    """The reward is not offered, or there is none left."""


@repeated
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
    points do not suffice, AccountFrozen while they are being checked. Then nothing is written.
    """
    outcome = CODE_TAKEN
    while outcome == CODE_TAKEN:
        code, token = new_code(), new_token()
        outcome, name, pk, voucher_pk, entry_id, buyer_id, cost, usable, last_day = one_row(
            _REDEEM,
            [source, reference, customer.pk, reward.pk, at, by.pk if by else None, code, token],
        )
    if outcome == "known":
        return Redemption.objects.select_related("voucher").get(pk=pk)
    if outcome != "redeemed":
        raise _refusal(outcome, name or reward.name, cost, usable)
    redemption = Redemption(
        pk=pk,
        customer_id=buyer_id,
        reward_id=reward.pk,
        entry_id=entry_id,
        source=source,
        reference=reference,
        cost_points=cost,
        redeemed_at=at,
    )
    redemption.voucher = Voucher(
        pk=voucher_pk,
        redemption=redemption,
        customer_id=buyer_id,
        reward_id=reward.pk,
        code=code,
        token=token,
        issued_at=at,
        expires_on=last_day,
    )
    return redemption


def _refusal(outcome: str, name: str, cost: int, usable: int) -> DomainError:
    match outcome:
        case "another":
            return Conflict(_("This request was used for another reward."))
        case "retired":
            return RewardUnavailable(_("%(reward)s is no longer offered.") % {"reward": name})
        case "sold out":
            return RewardUnavailable(_("%(reward)s has run out.") % {"reward": name})
        case "too few":
            return InsufficientPoints(needed=cost, available=usable)
        case "frozen":
            return AccountFrozen()
        case "no shop":
            return ShopMissing()
    raise ValueError(f"unknown outcome: {outcome}")


def new_code() -> str:
    """Eight letters at random. No voucher has them yet; the database looks."""
    number = secrets.randbelow(len(CODE_LETTERS) ** CODE_LENGTH)
    letters = []
    for _place in range(CODE_LENGTH):
        number, letter = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[letter])
    return "".join(letters)
