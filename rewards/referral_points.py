"""The points of a referral: earned by an event, paid to both sides once, taken back from both."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from loyalty.dates import local_date, start_of_day
from loyalty.ledger import services as ledger
from loyalty.ledger.reversals import take_back
from loyalty.ledger.services import Credit
from loyalty.programme.document import Programme
from loyalty.programme.referral import Referral as Section
from loyalty.programme.versions import Rules, programme_of
from loyalty.shop.queries import get_shop
from rewards import suspicion
from rewards.models import Referral

SOURCE = "referral"  # Of the ledger's entries; their reference is the referral's number.
SIDES = ("friend", "referrer")


@dataclass(frozen=True)
class Earned:
    """What the friend did that the rules pay for: a sale, or enrolling (then without one)."""

    at: datetime
    on: date  # The same moment's day in the shop.
    sale_source: str = ""
    sale_reference: str = ""
    sold_by_id: int | None = None


@dataclass(frozen=True)
class Locked:
    """A referral under its locks. Who was merged into another is that other one here."""

    referral: Referral
    friend_id: int
    referrer_id: int


def lock(referral_id: int) -> Locked:
    """Lock both accounts and then the referral until the transaction ends."""
    referrer, friend = Referral.objects.values_list("referrer_id", "friend_id").get(pk=referral_id)
    accounts = ledger.lock_accounts([referrer, friend])
    return Locked(
        Referral.objects.select_for_update(of=("self",)).get(pk=referral_id),
        friend_id=accounts[friend].customer_id,
        referrer_id=accounts[referrer].customer_id,
    )


def merged(locked: Locked) -> str:
    """Why nothing is paid since customers were merged; empty when that changes nothing."""
    if locked.friend_id == locked.referrer_id:
        return Referral.Reason.ONE_CUSTOMER
    paid = Referral.objects.filter(state=Referral.State.PAID).exclude(pk=locked.referral.pk)
    theirs = paid.filter(Q(friend=locked.friend_id) | Q(friend__merged_into=locked.friend_id))
    return Referral.Reason.BROUGHT_BEFORE if theirs.exists() else ""


def earn(referral: Referral, earned: Earned, *, rules: Rules) -> None:
    """
    An open referral has its event: from now on it waits for its day, or for a manager when the
    sale looks odd. The caller holds its locks, as for everything below.
    """
    section = _section(rules.programme)
    referral.programme_version_id = rules.version_id
    referral.sale_source, referral.sale_reference = earned.sale_source, earned.sale_reference
    referral.sold_by_id = earned.sold_by_id
    referral.event_at, referral.event_on = earned.at, earned.on
    day = section.due_on(earned.on)
    referral.due_at = start_of_day(day, get_shop().zone) if section.wait_days else earned.at
    if referral.decided_at is None:
        referral.reason = suspicion.of_cashier(referral, most=section.hold_above_per_cashier)
    referral.state = Referral.State.HELD if referral.reason else Referral.State.DUE
    referral.save()


def pay(locked: Locked, *, at: datetime) -> None:
    """
    Add both sides' points, as of the day they were due; the member's only within the limits of
    the month and year. The ledger's unique key stands behind the state: never twice.
    """
    referral = locked.referral
    programme = programme_of(referral.programme_version_id or 0)
    section = _section(programme)
    gifts = [("friend", locked.friend_id, section.friend_points)]
    if _over_limit(locked, section):
        referral.reason = Referral.Reason.LIMIT
    else:
        gifts.append(("referrer", locked.referrer_id, section.referrer_points))
    posted = ledger.earn(
        credits_due=[_credit(referral, *gift, programme) for gift in gifts if gift[2]],
        source=SOURCE,
        at=at,
        by_id=None,
    )
    friend, referrer = (posted.get(_reference(referral, side)) for side in SIDES)
    referral.friend_entry_id = friend.entry_id if friend else None
    referral.referrer_entry_id = referrer.entry_id if referrer else None
    referral.state, referral.paid_at = Referral.State.PAID, at
    referral.save()


def _credit(
    referral: Referral, side: str, customer_id: int, points: int, programme: Programme
) -> Credit:
    due_at = referral.due_at
    if due_at is None:
        raise ValueError(f"referral {referral.pk} is not due")
    paid_on = local_date(due_at, get_shop().zone)
    return Credit(
        customer_id=customer_id,
        points=points,
        reference=_reference(referral, side),
        occurred_at=due_at,
        expires_on=_section(programme).last_day(paid_on, otherwise=programme.expiry),
        version_id=referral.programme_version_id,
        explanation={"referral": referral.pk, "side": side, "points": points},
    )


def _section(programme: Programme) -> Section:
    if programme.referral is None:
        raise ValueError("a programme without [referral] pays for no referral")
    return programme.referral


def _reference(referral: Referral, side: str) -> str:
    return f"{referral.pk}:{side}"


def _over_limit(locked: Locked, section: Section) -> bool:
    day = locked.referral.event_on
    if day is None:
        raise ValueError(f"referral {locked.referral.pk} has no event")
    member = Q(referrer=locked.referrer_id) | Q(referrer__merged_into=locked.referrer_id)
    of_year = Referral.objects.filter(
        member,
        state=Referral.State.PAID,
        referrer_entry__isnull=False,
        event_on__year=day.year,
    )
    a_month, a_year = section.most_per_month, section.most_per_year
    if a_year and of_year.count() >= a_year:
        return True
    return bool(a_month) and of_year.filter(event_on__month=day.month).count() >= (a_month or 0)


def refuse(referral: Referral, reason: str) -> None:
    """End a referral that nothing was paid for."""
    referral.state, referral.reason = Referral.State.REFUSED, reason
    referral.save()


def undo(referral: Referral, reason: str, *, lowest: int, at: datetime) -> None:
    """
    Take back what was paid to both sides; who has spent it owes it, as long as the balance stays
    at or above `lowest` (whole points, 0 or less).
    """
    for side, entry in (("friend", referral.friend_entry), ("referrer", referral.referrer_entry)):
        if entry is not None:
            take_back(
                entry_id=entry.pk,
                points=entry.points,
                lowest=lowest,
                source=SOURCE,
                reference=_reference(referral, side),
                reason="",
                explanation={"referral": referral.pk, "side": side},
                at=at,
                recorded_at=at,
                by_id=None,
            )
    referral.state, referral.reason = Referral.State.TAKEN_BACK, reason
    referral.save()
