"""
Bringing friends, as far as sales decide it: who is new, which sale earns the points, and what a
refund does to them.

Nothing here happens inside a sale: it is recorded first, then its referral is settled in a
transaction of its own, and the sweep settles what a crash between the two has left.
"""

from datetime import UTC, datetime
from itertools import pairwise

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.ledger import services as ledger
from loyalty.programme.referral import Event
from loyalty.programme.versions import in_force, timeline
from loyalty.purchases.models import Purchase
from loyalty.shop.models import User
from loyalty.transactions import whole
from rewards import referral_points as points
from rewards import referrals
from rewards.models import Referral
from rewards.referral_points import Earned, Locked
from rewards.referrals import ReferralRefused

BEGINNING, END = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)

# The first sale of each friend that earns what is open: paid for, not given back, and in a period
# (from, until just before) not below what the rules ask for in it.
_EARNING = """
SELECT DISTINCT ON (r.id) r.id, p.id
FROM rewards_referral r
JOIN customers_customer c ON c.id = r.friend_id
JOIN purchases_purchase p ON p.customer_id = coalesce(c.merged_into_id, c.id) AND p.stands
JOIN unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[], %(least)s::bigint[])
    AS period (starts, ends, least)
    ON p.occurred_at >= period.starts AND p.occurred_at < period.ends
WHERE r.state = 'open' AND (%(only)s::bigint IS NULL OR r.id = %(only)s)
    AND p.amount_minor - p.refunded_minor >= period.least
ORDER BY r.id, p.occurred_at, p.id
"""
# Where money was given back for the sale that earned it, so that too little is left of it.
_RETURNED = """
SELECT r.id
FROM rewards_referral r
JOIN purchases_purchase p ON (p.source, p.reference) = (r.sale_source, r.sale_reference)
LEFT JOIN unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[], %(least)s::bigint[])
    AS period (starts, ends, least)
    ON p.occurred_at >= period.starts AND p.occurred_at < period.ends
WHERE r.state IN ('due', 'paid') AND (%(only)s::bigint IS NULL OR r.id = %(only)s)
    AND p.refunded_minor > 0 AND p.amount_minor - p.refunded_minor < coalesce(period.least, 1)
"""


def takes_codes(at: datetime) -> bool:
    """Whether the programme gives anything for bringing friends at that moment."""
    return in_force(at).programme.referral is not None


@whole
def refer(*, friend: Customer, code: str, at: datetime, by: User | None) -> Referral:
    """
    Keep that the member with `code` brought `friend`, who must be new: nothing bought yet.

    Safe to retry: the same code again returns the referral as it is. Raises ReferralRefused when
    nothing is paid for friends at the moment, when the friend is not new, and as
    rewards.referrals.refer.
    """
    section = in_force(at).programme.referral
    if section is None:
        raise ReferralRefused(_("The shop gives nothing for bringing friends at the moment."))
    referrals.lock_chain()
    friend_id = ledger.lock_accounts([friend.pk])[friend.pk].customer_id
    known = referrals.of_friend(friend_id)
    if not known.exists() and _sales_of(friend_id).exists():
        raise ReferralRefused(_("A code is for new members; this one has bought here already."))
    referral = referrals.refer(friend=friend, code=code, rules=section, at=at, by=by)
    if section.event is Event.ENROLMENT:
        _settle_soon(referral.pk, at=at)
    return referral


def may_be_brought(customer: Customer) -> bool:
    """Whether the customer may still say who brought them: nobody yet, and nothing bought."""
    known = referrals.of_friend(customer.kept_id).exists()
    return not known and not _sales_of(customer.kept_id).exists()


def _sales_of(customer_id: int) -> QuerySet[Purchase]:
    return Purchase.objects.filter(customer=customer_id, stands=True)


def _settle_soon(referral_id: int, *, at: datetime) -> None:
    # Robust: it never breaks what has been committed; the sweep does it then.
    transaction.on_commit(lambda: settle(referral_id=referral_id, at=at), robust=True)


def after_sale(customer_id: int, *, at: datetime) -> None:
    """Once this sale stands, settle the referral of its customer, where one is open."""
    # No partial: Django says the name of a robust function that fails, and a partial has none.
    transaction.on_commit(
        lambda: _settle_of(customer_id, (Referral.State.OPEN,), at=at), robust=True
    )


def after_refund(customer_id: int, *, at: datetime) -> None:
    """Once this refund stands, settle the referral of its customer, where one was earned."""
    states = (Referral.State.DUE, Referral.State.PAID)
    transaction.on_commit(lambda: _settle_of(customer_id, states, at=at), robust=True)


def _settle_of(customer_id: int, states: tuple[Referral.State, ...], *, at: datetime) -> None:
    theirs = referrals.of_friend(customer_id).filter(state__in=states)
    for referral_id in theirs.order_by("pk").values_list("pk", flat=True):
        settle(referral_id=referral_id, at=at)


@whole
def settle(*, referral_id: int, at: datetime) -> Referral:
    """
    Bring a referral to where its friend's purchases, the rules and the day put it: earned, held,
    paid, refused or taken back. Safe to repeat, late and in parallel: both accounts are locked,
    in the order of their numbers, and both sides are paid once.
    """
    locked = points.lock(referral_id)
    referral = locked.referral
    if referral.state in (Referral.State.OPEN, Referral.State.DUE):
        _refuse_if_void(locked)
    if referral.state == Referral.State.OPEN:
        _look_for_event(referral)
    if referral.state == Referral.State.PAID and _ids(_RETURNED, only=referral.pk):
        lowest = in_force(at).programme.refunds.lowest
        points.undo(referral, Referral.Reason.RETURNED, lowest=lowest, at=at)
    if referral.state == Referral.State.DUE and referral.due_at and referral.due_at <= at:
        points.pay(locked, at=at)
    return referral


def _refuse_if_void(locked: Locked) -> None:
    """Refuse what will never be paid: one person, not new, or a purchase that was returned."""
    reason = points.merged(locked)
    if not reason and locked.referral.state == Referral.State.DUE:
        reason = Referral.Reason.RETURNED if _ids(_RETURNED, only=locked.referral.pk) else ""
    elif not reason:
        before = _sales_of(locked.friend_id).filter(occurred_on__lt=locked.referral.referred_on)
        reason = Referral.Reason.NOT_NEW if before.exists() else ""
    if reason:
        points.refuse(locked.referral, reason)


def _look_for_event(referral: Referral) -> None:
    rules = in_force(referral.referred_at)
    section = rules.programme.referral
    if section is not None and section.event is Event.ENROLMENT:
        points.earn(referral, Earned(referral.referred_at, referral.referred_on), rules=rules)
        return
    for _referral_id, sale_id in _rows(_EARNING, only=referral.pk):  # One at most.
        sale = Purchase.objects.get(pk=sale_id)
        earned = Earned(
            at=sale.occurred_at,
            on=sale.occurred_on,
            sale_source=sale.source,
            sale_reference=sale.reference,
            sold_by_id=sale.recorded_by_id,
        )
        points.earn(referral, earned, rules=in_force(sale.occurred_at))


def run_referrals(*, at: datetime) -> int:
    """
    Settle every referral that something is due for: sales that were imported, or whose settling a
    crash prevented; those whose day has come; purchases that were returned. Returns how many
    changed. Safe to run twice, late or in parallel.
    """
    changed = 0
    for referral_id in sorted(_due_ids(at)):
        before = Referral.objects.values_list("state", flat=True).get(pk=referral_id)
        changed += settle(referral_id=referral_id, at=at).state != before
    return changed


def _due_ids(at: datetime) -> set[int]:
    due = Referral.objects.filter(state=Referral.State.DUE, due_at__lte=at).values_list(
        "pk", flat=True
    )
    return {*due, *_enrolled(), *_ids(_EARNING), *_ids(_RETURNED)}


def _enrolled() -> list[int]:
    """Open ones that were earned by enrolling."""
    periods = _periods(Event.ENROLMENT)
    opened = Referral.objects.filter(state=Referral.State.OPEN)
    return [
        referral_id
        for starts, ends, _least in periods
        for referral_id in opened.filter(referred_at__gte=starts, referred_at__lt=ends).values_list(
            "pk", flat=True
        )
    ]


def _periods(event: Event) -> list[tuple[datetime, datetime, int]]:
    """When the programme paid for that event: from, until just before, the smallest bill."""
    versions = timeline()
    # Before the first version's date, the first version; see `in_force`.
    moments = [BEGINNING, *(start for start, _rules in versions[1:]), END]
    return [
        (start, end, max(1, section.min_order_minor))
        for (start, end), (_start, rules) in zip(pairwise(moments), versions, strict=False)
        if (section := rules.programme.referral) is not None and section.event is event
    ]


def _ids(sql: str, *, only: int | None = None) -> list[int]:
    return [row[0] for row in _rows(sql, only=only)]


def _rows(sql: str, *, only: int | None = None) -> list[tuple[int, ...]]:
    periods = _periods(Event.FIRST_SALE)
    starts, ends, least = zip(*periods, strict=True) if periods else ((), (), ())
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {"starts": list(starts), "ends": list(ends), "least": list(least), "only": only},
        )
        rows: list[tuple[int, ...]] = cursor.fetchall()
    return rows
