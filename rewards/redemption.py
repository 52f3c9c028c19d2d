"""Spending points on a reward."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.services import new_token
from loyalty.errors import Conflict, DomainError
from loyalty.ledger.services import AccountFrozen, InsufficientPoints, lock_accounts
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import ShopMissing, get_shop
from loyalty.statements import one_row
from loyalty.tiers.queries import progress_of
from loyalty.transactions import lock_event, repeated
from rewards.availability import Reason
from rewards.models import Redemption, Reward, Voucher
from rewards.refusals import refusal_text

# Without 0 O 1 I L, 2 Z, 5 S, 8 B and U V: a code survives being read aloud over a counter.
CODE_LETTERS = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 8
CODE_TAKEN = "code taken"
TIER_NEEDED = "whose tier"
# One call (migrations 0012 and 0022), and so a transaction by itself: lock, look, act.
_REDEEM = """
SELECT outcome, redemption_id, voucher_id, entry_id, buyer, cost, usable, first_day, last_day,
    terms
FROM rewards_redeem(
    %s, %s, %s, %s, %s::timestamptz, %s::bigint, %s, %s, %s::text, %s::text
)
"""


class RewardUnavailable(DomainError):
    """The catalogue's limits keep this customer from the reward now."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class _Asked:
    """What one redemption is asked for with."""

    customer: Customer
    reward: Reward
    source: str
    reference: str
    at: datetime
    by: User | None
    branch: Branch | None


@dataclass(frozen=True)
class _Answered:
    code: str
    token: str
    outcome: str
    redemption_id: int
    voucher_id: int
    entry_id: int
    buyer_id: int
    cost: int
    usable: int
    usable_from: date | None
    expires_on: date
    terms_id: int


@repeated
def redeem_reward(
    *,
    customer: Customer,
    reward: Reward,
    source: str,
    reference: str,
    at: datetime,
    by: User | None,
    branch: Branch | None = None,
) -> Redemption:
    """
    Spend the customer's points on `reward` and issue its voucher. The catalogue decides the
    cost. `reference` is made once per page render, so a double click redeems once: a retry
    returns the first redemption, and another reward under the same reference raises Conflict.
    `branch` is where it happens; None: at none of them, such as in the portal.

    Raises RewardUnavailable with the reason where the catalogue's limits say no, and
    InsufficientPoints when the points do not suffice, AccountFrozen while they are being checked.
    Then nothing is written.
    """
    asked = _Asked(customer, reward, source, reference, at, by, branch)
    answered = _call(asked)
    if answered.outcome == TIER_NEEDED:
        return _redeem_by_tier(asked)
    return _outcome(asked, answered, tier_key="")


@transaction.atomic
def _redeem_by_tier(asked: _Asked) -> Redemption:
    """For a reward that asks for a tier: the customer's, under the lock that keeps it."""
    lock_event(asked.source, f"redemption:{asked.reference}")
    held = lock_accounts([asked.customer.pk])[asked.customer.pk]
    progress = progress_of(held.customer_id, at=asked.at, zone=get_shop().zone)
    tier_key = progress.tier.key
    return _outcome(asked, _call(asked, tier_key=tier_key), tier_key=tier_key)


def _call(asked: _Asked, *, tier_key: str | None = None) -> _Answered:
    event = [asked.source, asked.reference, asked.customer.pk, asked.reward.pk, asked.at]
    by_id = asked.by.pk if asked.by else None
    branch_key = asked.branch.key if asked.branch else None
    while True:
        code, token = new_code(), new_token()
        row = one_row(_REDEEM, [*event, by_id, code, token, branch_key, tier_key])
        if row[0] != CODE_TAKEN:
            return _Answered(code, token, *row)


def _outcome(asked: _Asked, answered: _Answered, *, tier_key: str) -> Redemption:
    """The redemption that was made or is known. Raises what kept it from being made."""
    if answered.outcome == "known":
        return Redemption.objects.select_related("voucher").get(pk=answered.redemption_id)
    if answered.outcome != "redeemed":
        raise _refusal(asked, answered, tier_key)
    redemption = Redemption(
        pk=answered.redemption_id,
        customer_id=answered.buyer_id,
        reward_id=asked.reward.pk,
        entry_id=answered.entry_id,
        source=asked.source,
        reference=asked.reference,
        cost_points=answered.cost,
        redeemed_at=asked.at,
    )
    redemption.voucher = Voucher(
        pk=answered.voucher_id,
        redemption=redemption,
        customer_id=answered.buyer_id,
        reward_id=asked.reward.pk,
        terms_id=answered.terms_id,
        code=answered.code,
        token=answered.token,
        issued_at=asked.at,
        usable_from=answered.usable_from,
        expires_on=answered.expires_on,
    )
    return redemption


def _refusal(asked: _Asked, answered: _Answered, tier_key: str) -> DomainError:
    match answered.outcome:
        case "another":
            return Conflict(_("This request was used for another reward."))
        case "too few":
            return InsufficientPoints(needed=answered.cost, available=answered.usable)
        case "frozen":
            return AccountFrozen()
        case "no shop":
            return ShopMissing()
    reason = Reason(answered.outcome)
    current = Reward.objects.get(pk=asked.reward.pk)
    return RewardUnavailable(reason, refusal_text(reason, current, tier_key=tier_key, at=asked.at))


def new_code() -> str:
    """Eight letters at random. No voucher has them yet; the database looks."""
    number = secrets.randbelow(len(CODE_LETTERS) ** CODE_LENGTH)
    letters = []
    for _place in range(CODE_LENGTH):
        number, letter = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[letter])
    return "".join(letters)
