"""Points added or taken by staff: signed, for a reason, above a limit by two people."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from customers.queries import numbers_of
from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Adjustment, Entry
from loyalty.ledger.services import Credit
from loyalty.shop.models import User
from loyalty.transactions import lock_event, whole

# How many points, up or down, each may decide alone in one adjustment.
LIMITS = {User.Role.CASHIER: 0, User.Role.MANAGER: 500, User.Role.OWNER: 5_000}


class NotAllowed(DomainError):
    """This person may not decide this; the text says who may."""


@whole
def adjust(
    *,
    customer_id: int,
    points: int,
    reason: str,
    expires_on: date | None,
    source: str,
    reference: str,
    at: datetime,
    by: User,
    limit_points: int | None = None,
) -> Adjustment:
    """
    Add signed whole `points`, or take them. Within the limit of `by`, and `limit_points` where
    that is tighter, they are posted at once; above it the answer is WAITING, and nothing has
    moved yet.

    Safe to retry with the same `source` and `reference`; another adjustment under them raises
    Conflict. Raises NotAllowed for a cashier, InvalidInput without a reason, InsufficientPoints
    when more would be taken than can be used.
    """
    limit = LIMITS[User.Role(by.role)]
    if limit_points is not None:
        limit = min(limit, limit_points)
    if limit == 0:
        raise NotAllowed(_("Only a manager or the owner may change points by hand."))
    if not reason.strip():
        raise InvalidInput("reason", _("Say why."))
    ledger.check_points(abs(points))
    lock_event(source, f"adjustment:{reference}")
    customer_id = ledger.lock_accounts([customer_id])[customer_id].customer_id
    known = Adjustment.objects.filter(source=source, reference=reference).first()
    if known is not None:
        asked = (points, reason.strip(), by.pk)
        theirs = known.account_id in numbers_of(customer_id)
        if not theirs or (known.points, known.reason, known.requested_by_id) != asked:
            raise Conflict(_("This reference was used for another adjustment."))
        return known
    adjustment = Adjustment(
        account_id=customer_id,
        points=points,
        expires_on=expires_on if points > 0 else None,
        reason=reason.strip(),
        source=source,
        reference=reference,
        limit_points=limit,
        requested_at=at,
        requested_by=by,
        state=Adjustment.State.WAITING,
    )
    if abs(points) <= limit:
        _post(adjustment, at=at)
    adjustment.save(force_insert=True)
    return adjustment


@whole
def approve(*, adjustment_id: int, at: datetime, by: User) -> Adjustment:
    """
    Post an adjustment that waits. Of its two people one is the owner. Safe to retry; raises
    NotAllowed for the author themselves and for others who may not, DomainError when it was
    declined.
    """
    waiting = _waiting(adjustment_id, by=by)
    if waiting.state == Adjustment.State.DECLINED:
        raise DomainError(_("This adjustment was declined."))
    if waiting.state == Adjustment.State.WAITING:
        waiting.decided_by, waiting.decided_at = by, at
        _post(waiting, at=at)
        waiting.save()
    return waiting


@whole
def decline(*, adjustment_id: int, at: datetime, by: User) -> Adjustment:
    """Let an adjustment that waits come to nothing. Retries and errors as `approve`."""
    waiting = _waiting(adjustment_id, by=by)
    if waiting.state == Adjustment.State.POSTED:
        raise DomainError(_("This adjustment is posted."))
    if waiting.state == Adjustment.State.WAITING:
        waiting.state = Adjustment.State.DECLINED
        waiting.decided_by, waiting.decided_at = by, at
        waiting.save()
    return waiting


def _waiting(adjustment_id: int, *, by: User) -> Adjustment:
    """The adjustment, under its account's lock, if `by` may decide it."""
    customer_id = Adjustment.objects.values_list("account_id", flat=True).get(pk=adjustment_id)
    ledger.lock_accounts([customer_id])
    # Read anew: an adjustment that waits goes with its customer when they are merged.
    adjustment = Adjustment.objects.select_related("requested_by").get(pk=adjustment_id)
    roles = {adjustment.requested_by.role, by.role}
    if by.pk == adjustment.requested_by_id or not by.is_active:
        raise NotAllowed(_("A second person has to decide this."))
    if User.Role.OWNER not in roles or User.Role.CASHIER in roles:
        raise NotAllowed(_("Only the owner may decide this."))
    return adjustment


def _post(adjustment: Adjustment, *, at: datetime) -> None:
    post = _add if adjustment.points > 0 else _take
    adjustment.entry_id = post(adjustment, at=at).entry_id
    adjustment.state = Adjustment.State.POSTED


def _add(adjustment: Adjustment, *, at: datetime) -> ledger.Posted:
    due = Credit(
        customer_id=adjustment.account_id,
        points=adjustment.points,
        reference=adjustment.reference,
        occurred_at=at,
        expires_on=adjustment.expires_on,
        version_id=None,
        explanation={},
    )
    return ledger.credit(
        credits_due=[due],
        kind=Entry.Kind.ADJUST,
        source=adjustment.source,
        reason=adjustment.reason,
        at=at,
        by_id=adjustment.requested_by_id,
        approved_by_id=adjustment.decided_by_id,
    )[adjustment.reference]


def _take(adjustment: Adjustment, *, at: datetime) -> ledger.Posted:
    return ledger.debit(
        customer_id=adjustment.account_id,
        points=-adjustment.points,
        kind=Entry.Kind.ADJUST,
        source=adjustment.source,
        reference=adjustment.reference,
        reason=adjustment.reason,
        at=at,
        by_id=adjustment.requested_by_id,
        approved_by_id=adjustment.decided_by_id,
    )
