"""Who brings whom: a member's code, the friend who names it, and a manager's word on odd ones."""

import re
import secrets
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.errors import DomainError, InvalidInput
from loyalty.ledger import services as ledger
from loyalty.programme.referral import Referral as Rules
from loyalty.shop.access import may
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from loyalty.transactions import lock_event, whole
from rewards import suspicion
from rewards.models import Referral, ReferralCode
from rewards.redemption import CODE_LETTERS

CODE_LENGTH = 7
State, Reason = Referral.State, Referral.Reason

# Does somebody whom `friend` brought, directly or through others, bring the friend now?
_BROUGHT_BY = """
WITH RECURSIVE above (id) AS (
    SELECT referrer_id FROM rewards_referral WHERE friend_id = %(referrer)s
    UNION
    SELECT r.referrer_id FROM rewards_referral r JOIN above ON r.friend_id = above.id
)
SELECT EXISTS (SELECT FROM above WHERE id = %(friend)s)
"""


class ReferralRefused(InvalidInput):
    """The code cannot bring this friend; the text says why, to staff and customers."""

    def __init__(self, message: str) -> None:
        super().__init__("referral_code", message)


def code_of(customer: Customer) -> str:
    """The member's own code, made now if there is none. Safe to ask twice, also at once."""
    while True:
        known = ReferralCode.objects.filter(customer=customer).first()
        if known is not None:
            return known.code
        code = "".join(secrets.choice(CODE_LETTERS) for _place in range(CODE_LENGTH))
        # Either another till was faster, or another member has this very code: look again.
        ReferralCode.objects.bulk_create(
            [ReferralCode(customer=customer, code=code)], ignore_conflicts=True
        )


def referrer_of(typed: str) -> Customer:
    """
    Whose code it is, in any case, with or without spaces. Raises ReferralRefused for an unknown
    one.
    """
    code = re.sub(r"[\s\x00-]", "", typed).upper()
    codes = ReferralCode.objects.select_related("customer__merged_into")
    known = codes.filter(code=code[:40]).first()
    if known is None:
        raise ReferralRefused(_("No member has this code. Please check it."))
    return known.customer.kept


def of_friend(customer_id: int) -> QuerySet[Referral]:
    """The referrals that brought this customer: one, or more after customers were merged."""
    numbers = Customer.objects.filter(Q(pk=customer_id) | Q(merged_into=customer_id))
    return Referral.objects.filter(friend__in=numbers)


def lock_chain() -> None:
    """One referral is made at a time, or two could close a circle. Comes before any account."""
    lock_event("referral", "refer")


@whole
def refer(*, friend: Customer, code: str, rules: Rules, at: datetime, by: User | None) -> Referral:
    """
    Keep that the member with `code` brought `friend`; what looks odd is held for a manager. The
    caller has made sure, under the lock of the friend's account, that the friend is new.

    Safe to retry: the same code again returns the referral as it is. Raises ReferralRefused for
    an unknown code, the friend's own, one of somebody the friend brought, or a second member's.
    """
    lock_chain()
    friend = Customer.objects.get(pk=ledger.lock_accounts([friend.pk])[friend.pk].customer_id)
    referrer = referrer_of(code)
    known = of_friend(friend.pk).select_related("referrer").first()
    if known is not None and known.referrer.kept_id == referrer.pk:
        return known
    _check(friend, referrer, known)
    today = local_date(at, get_shop().zone)
    reason = suspicion.of_people(referrer=referrer, friend=friend) or suspicion.of_haste(
        referrer=referrer, on=today, most=rules.hold_above_per_day
    )
    return Referral.objects.create(
        friend=friend,
        referrer=referrer,
        state=State.HELD if reason else State.OPEN,
        reason=reason,
        referred_at=at,
        referred_on=today,
        referred_by=by,
    )


def _check(friend: Customer, referrer: Customer, known: Referral | None) -> None:
    if known is not None:
        raise ReferralRefused(_("Another member has brought this customer already."))
    if referrer.pk == friend.pk:
        raise ReferralRefused(_("This is the customer's own code."))
    with connection.cursor() as cursor:
        cursor.execute(_BROUGHT_BY, {"referrer": referrer.pk, "friend": friend.pk})
        if cursor.fetchone()[0]:
            raise ReferralRefused(_("This customer brought the member whose code it is."))


@whole
def decide(*, referral: Referral, approve: bool, reason: str, at: datetime, by: User) -> Referral:
    """
    A manager's or owner's word on a referral that is held, with the reason. An approved one goes
    on where it was held, and is not held again; the next sweep pays what is due.

    Raises DomainError for somebody who may not, without a reason, for who entered the code
    themselves (an owner may), or when it is not held. Safe to retry: a decided one is returned.
    """
    current = Referral.objects.select_for_update(of=("self",)).get(pk=referral.pk)
    _check_decider(current, by)
    if not reason.strip():
        raise InvalidInput("decision", _("A reason is needed."))
    if current.decided_by_id == by.pk and (current.reason == Reason.DECIDED) != approve:
        return current
    if current.state != State.HELD:
        raise DomainError(_("This referral is not waiting for a decision."))
    current.decided_at, current.decided_by, current.decision = at, by, reason.strip()[:200]
    if not approve:
        current.state, current.reason = State.REFUSED, Reason.DECIDED
    elif current.due_at is None:
        current.state, current.reason = State.OPEN, ""
    else:
        current.state, current.reason = State.DUE, ""
        current.due_at = max(current.due_at, at)
    current.save()
    return current


def may_decide(referral: Referral, *, by: object) -> bool:
    """Whether this person may decide about the referral, and there is something to decide."""
    return (
        isinstance(by, User)
        and may(by, "change", "rewards.referral")
        and referral.state == State.HELD
        and not _is_their_own(referral, by)
    )


def _check_decider(referral: Referral, by: User) -> None:
    if not may(by, "change", "rewards.referral"):
        raise DomainError(_("Only a manager or the owner decides about held referrals."))
    if _is_their_own(referral, by):
        raise DomainError(_("Whoever entered the code does not decide about it."))


def _is_their_own(referral: Referral, by: User) -> bool:
    return referral.referred_by_id == by.pk and by.role != User.Role.OWNER
