"""
The only writers of points: thin, typed calls of the SQL functions in migration 0006.

Every service that moves points locks the account first, then looks, then acts, inside one
transaction at READ COMMITTED.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from loyalty.dates import local_date
from loyalty.errors import DomainError, InvalidInput
from loyalty.ledger.models import MAX_POINTS, Entry, Lot
from loyalty.sayings import said as _
from loyalty.shop.queries import get_shop


class AccountFrozen(DomainError):
    """The proof found a mistake in this customer's points; a person has to look first."""

    def __init__(self) -> None:
        super().__init__(
            _("This customer's points are being checked. Nothing can be redeemed until then.")
        )


class InsufficientPoints(DomainError):
    def __init__(self, *, needed: int, available: int) -> None:
        super().__init__(
            _("%(needed)d points are needed; %(available)d can be used.")
            % {"needed": needed, "available": available}
        )
        self.needed = needed
        self.available = available


@dataclass(frozen=True)
class Credit:
    """Points to add to one customer for one event."""

    customer_id: int
    points: int  # Whole, above zero.
    reference: str
    occurred_at: datetime
    expires_on: date | None  # The last day they can be used; None: for ever.
    version_id: int | None
    explanation: dict[str, Any]
    usable_from: date | None = None  # The first day they can be used; None: at once.


@dataclass(frozen=True)
class Posted:
    entry_id: int
    balance_after: int


class Locked(NamedTuple):
    customer_id: int  # Whose account it is: another's than asked for, who was merged into them.
    balance: int


def lock_accounts(customer_ids: Iterable[int]) -> dict[int, Locked]:
    """
    Lock these customers' accounts until the transaction ends, opening the ones that are new,
    in the order of their ids so that two callers never wait on each other in a circle. Returns
    the accounts by the numbers asked for. This is the one place where a customer who was merged
    into another becomes that other one: whoever writes points goes on with the number it says.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked, customer_id, balance FROM ledger_lock_kept(%s)",
            [sorted(set(customer_ids))],
        )
        return {asked: Locked(*account) for asked, *account in cursor.fetchall()}


@transaction.atomic
def earn(
    *, credits_due: Sequence[Credit], source: str, at: datetime, by_id: int | None
) -> dict[str, Posted]:
    """
    Add one entry and one lot for each credit due, in their order; return them by reference.
    `at` is the moment of recording. A customer who owes points repays them first.

    Not safe to retry by itself: the caller has looked, under the lock, that no reference of
    this `source` is posted (the database refuses a second one with IntegrityError).
    """
    return credit(
        credits_due=credits_due, kind=Entry.Kind.EARN, source=source, reason="", at=at, by_id=by_id
    )


def credit(
    *,
    credits_due: Sequence[Credit],
    kind: Entry.Kind,
    source: str,
    reason: str,
    at: datetime,
    by_id: int | None,
    approved_by_id: int | None = None,
) -> dict[str, Posted]:
    """As `earn`, for any kind of entry that adds points. The caller has the transaction."""
    if not credits_due:
        return {}
    for due in credits_due:
        check_points(due.points)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reference, entry_id, balance_after"
            " FROM ledger_credit(%s, %s, %s, %s, %s, %s, ARRAY("
            "SELECT one FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS e (one, place)"
            " ORDER BY place), %s::date[], %s::date[], %s, %s, %s, %s, %s)",
            [
                source,
                kind,
                [due.customer_id for due in credits_due],
                [due.points for due in credits_due],
                [due.reference for due in credits_due],
                [due.version_id for due in credits_due],
                # One document: in an array of them each quote would be escaped twice.
                json.dumps([due.explanation for due in credits_due]),
                [due.usable_from for due in credits_due],
                [due.expires_on for due in credits_due],
                [due.occurred_at for due in credits_due],
                reason,
                at,
                by_id,
                approved_by_id,
            ],
        )
        return {ref: Posted(entry_id, balance) for ref, entry_id, balance in cursor.fetchall()}


@transaction.atomic
def spend(
    *,
    customer_id: int,
    points: int,
    source: str,
    reference: str,
    reason: str,
    at: datetime,
    by_id: int | None,
    version_id: int | None = None,
) -> Posted:
    """
    Take whole `points` (above zero) from the customer, from the lots that end first.

    Raises InsufficientPoints when the points that can be used today do not suffice, and
    AccountFrozen while a person has to look at this account; then nothing is written. Not safe
    to retry by itself, as `earn`.
    """
    return debit(
        customer_id=customer_id,
        points=points,
        kind=Entry.Kind.REDEEM,
        source=source,
        reference=reference,
        reason=reason,
        at=at,
        by_id=by_id,
        version_id=version_id,
    )


def debit(
    *,
    customer_id: int,
    points: int,
    kind: Entry.Kind,
    source: str,
    reference: str,
    reason: str,
    at: datetime,
    by_id: int | None,
    version_id: int | None = None,
    approved_by_id: int | None = None,
) -> Posted:
    """As `spend`, for any kind of entry that takes all of its points or none."""
    check_points(points)
    today = local_date(at, get_shop().zone)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_id, balance_after, usable FROM ledger_debit("
            "%s, %s, %s, %s, %s, %s, '{}', %s, %s::date, %s, %s, %s, %s)",
            [
                *(source, kind, customer_id, points, reference, version_id),
                *(reason, today, at, at, by_id, approved_by_id),
            ],
        )
        entry_id, balance_after, usable = cursor.fetchone()
    if entry_id is None and usable is None:
        raise AccountFrozen
    if entry_id is None:
        raise InsufficientPoints(needed=points, available=usable)
    return Posted(entry_id, balance_after)


def keep_alive(*, until: Mapping[int, date], at: datetime) -> dict[int, int]:
    """
    Let no lot of these customers end before the day given for each, and return their balances.
    Never shortens. What had ended by the day of `at`, the moment of recording, expires first and
    stays so. The caller holds the accounts' locks and has the transaction. Safe to repeat.
    """
    if not until:
        return {}
    shop = get_shop()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id, balance FROM ledger_extend(%s, %s::date[], %s::date, %s, %s)",
            [
                *(list(until), list(until.values())),
                *(local_date(at, shop.zone), shop.time_zone, at),
            ],
        )
        return dict(cursor.fetchall())


def check_points(points: int) -> None:
    """Raise InvalidInput for points that no entry may have."""
    if not 0 < points <= MAX_POINTS:
        raise InvalidInput("points", _("The points must be a whole number from 1 to a billion."))


def expire_due(*, at: datetime) -> int:
    """
    Post the expiry of every lot that has ended in the shop: its last day is over, and so is the
    time that the customer's purchases keep points alive. Returns how many. Safe to
    run twice, late or in parallel: an unspent rest expires once, dated at the end of its day.
    One transaction a customer, so a stop in the middle loses nothing.
    """
    shop = get_shop()
    today = local_date(at, shop.zone)
    due = (
        Lot.objects.filter(remaining__gt=0, expires_on__lt=today)
        .exclude(account__active_until__gte=today)
        .order_by("account_id")
        .values_list("account_id", flat=True)
        .distinct()
    )
    expired = 0
    for customer_id in list(due):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ledger_expire(%s, %s, %s, %s)", [customer_id, today, shop.time_zone, at]
            )
            expired += cursor.fetchone()[0]
    return expired
