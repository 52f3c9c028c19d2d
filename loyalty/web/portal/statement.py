"""Ledger entries in a member's words: what happened, and the sum behind it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.dates import month_start
from loyalty.ledger.models import Entry, Lot
from loyalty.ledger.queries import entries_of
from loyalty.web.shared import display as shown
from loyalty.web.shared.bills import paid_for
from loyalty.web.shared.gifts import gift_step, gift_title
from loyalty.web.shared.sums import Step, earning_steps, points_text
from rewards import referral_points

KEPT = date.min  # Instead of a last day that is over: purchases kept the points alive.


@dataclass(frozen=True)
class Line:
    number: int
    title: str
    points: int
    balance_after: int
    occurred_at: datetime
    month: date  # The first day of the shop-local month it happened in.
    steps: tuple[Step, ...]  # The sum, in the order a person would do it; the last is its end.
    usable_from: date | None = None  # While the points of this entry wait for that day.


def statement_of(customer_id: int) -> QuerySet[Entry]:
    """The customer's entries, newest first, with all that `line_of` reads."""
    return entries_of(customer_id).select_related(
        "purchase",
        "paid_purchase",
        "redemption__voucher__terms",
        "refund",
        "returning_refund",
        "cancelled_redemption__voucher__terms",
    )


def line_of(entry: Entry) -> Line:
    """The entry as the portal shows it, in the active language."""
    occurred_at = entry.occurred_at
    if entry.kind == Entry.Kind.EXPIRE:
        # Posted at the first instant after the last day; a reader means that day.
        occurred_at -= timedelta(seconds=1)
    return Line(
        number=entry.number,
        title=_title(entry),
        points=entry.points,
        balance_after=entry.balance_after,
        occurred_at=occurred_at,
        month=month_start(timezone.localtime(occurred_at).date()),
        steps=_steps(entry),
        usable_from=_waits_for(entry),
    )


def _waits_for(entry: Entry) -> date | None:
    lot = getattr(entry, "lot", None)
    first = lot.usable_from if lot is not None else None
    return first if first is not None and first > timezone.localdate() else None


def _title(entry: Entry) -> str:
    purchase = getattr(entry, "purchase", None)
    redemption = getattr(entry, "redemption", None)
    if purchase is not None:
        return _("Purchase of %(amount)s") % {"amount": shown.money(purchase.amount_minor)}
    if redemption is not None:
        return _("Redeemed: %(reward)s") % {"reward": shown.named(redemption.voucher.terms)}
    paid = getattr(entry, "paid_purchase", None)
    if paid is not None:
        return _("Paid with points: %(amount)s") % {"amount": shown.money(paid.spent_minor)}
    returning = getattr(entry, "returning_refund", None)
    if returning is not None:
        words = _("Points back for a refund of %(amount)s")
        return words % {"amount": shown.money(returning.amount_minor)}
    refund = getattr(entry, "refund", None)
    if refund is not None:
        return _("Refund of %(amount)s") % {"amount": shown.money(refund.amount_minor)}
    cancelled = getattr(entry, "cancelled_redemption", None)
    if cancelled is not None:
        return _("Cancelled: %(reward)s") % {"reward": shown.named(cancelled.voucher.terms)}
    if entry.source == referral_points.SOURCE:
        return _brought(entry)
    if "bonus" in entry.explanation:
        return gift_title(entry.explanation)
    if "opening" in entry.explanation:
        return _("Points you had before")
    titles = {
        Entry.Kind.EARN: _("Points earned"),
        Entry.Kind.REDEEM: _("Points spent"),
        Entry.Kind.EXPIRE: _("Points expired"),
        Entry.Kind.ADJUST: _("Changed by the shop"),
        Entry.Kind.REVERSE: _("Taken back"),
        Entry.Kind.MERGE: _("Carried over from one card to another"),
    }
    return titles[Entry.Kind(entry.kind)]


def _brought(entry: Entry) -> str:
    if entry.kind == Entry.Kind.REVERSE:
        return _("Bringing a friend: taken back, the purchase was returned")
    if entry.explanation.get("side") == "friend":
        return _("Welcome gift: a friend brought you")
    return _("You brought a friend")


def _steps(entry: Entry) -> tuple[Step, ...]:
    if entry.kind == Entry.Kind.EARN and "rules" in entry.explanation:
        purchase = getattr(entry, "purchase", None)
        bill = paid_for(purchase).steps if purchase is not None else []
        return (*bill, *earning_steps(entry.explanation), _added(entry), *_repaid(entry))
    if "bonus" in entry.explanation:
        gift = gift_step(entry.explanation, entry.points)
        return (gift, _added(entry), *_repaid(entry))
    if entry.points > 0:
        return (*_reason(entry), _added(entry), *_repaid(entry))
    return (*_reason(entry), *_lots_taken(entry), *_owed(entry), _taken(entry))


def _reason(entry: Entry) -> list[Step]:
    by_hand = entry.kind in (Entry.Kind.ADJUST, Entry.Kind.REVERSE)
    return [Step(_("Reason"), entry.reason)] if by_hand and entry.reason else []


def _lots_taken(entry: Entry) -> list[Step]:
    """Which points a debit took, by the day they would have ended; the soonest first."""
    taken: Counter[date] = Counter()
    for allocation in entry.allocations.all():
        taken[_end_of(allocation.lot, entry)] += allocation.points
    return [Step(_points_until(day), points_text(Fraction(taken[day]))) for day in sorted(taken)]


def _end_of(lot: Lot, entry: Entry) -> date:
    """
    When the lot would have ended: its own last day, or, where purchases had kept it beyond that,
    KEPT; of what expired, the day it did.
    """
    if lot.expires_on is None:
        return date.max
    on = timezone.localtime(entry.occurred_at).date()
    if entry.kind == Entry.Kind.EXPIRE:
        return on - timedelta(days=1)
    return lot.expires_on if lot.expires_on >= on else KEPT


def _points_until(day: date) -> str:
    if day == date.max:
        return _("From points that never expire")
    if day == KEPT:
        return _("From points that your purchases had kept")
    return _("From points that end on %(day)s") % {"day": shown.day(day)}


def _owed(entry: Entry) -> list[Step]:
    """What a reversal found nowhere."""
    debt = getattr(entry, "debt", None)
    if debt is None:
        return []
    return [Step(_("Owed; the next points repay it"), points_text(Fraction(debt.points)))]


def _repaid(entry: Entry) -> list[Step]:
    points = sum(row.points for row in entry.allocations.all() if row.debt_id is not None)
    return (
        [Step(_("Of these, repaid what was owed"), points_text(Fraction(points)))] if points else []
    )


def _added(entry: Entry) -> Step:
    lot = getattr(entry, "lot", None)
    if lot is not None and lot.expires_on is not None and lot.usable_from is not None:
        words = _("Added, usable from %(first)s through %(last)s") % {
            "first": shown.day(lot.usable_from),
            "last": shown.day(lot.expires_on),
        }
    elif lot is not None and lot.usable_from is not None:
        words = _("Added, usable from %(first)s") % {"first": shown.day(lot.usable_from)}
    elif lot is not None and lot.expires_on is not None:
        words = _("Added, usable through %(day)s") % {"day": shown.day(lot.expires_on)}
    else:
        words = _("Added")
    return Step(words, points_text(Fraction(entry.points)))


def _taken(entry: Entry) -> Step:
    paid = getattr(entry, "paid_purchase", None)
    if paid is not None:
        paying = _("Of a bill of %(amount)s") % {"amount": shown.money(paid.amount_minor)}
        return Step(paying, points_text(Fraction(-entry.points)))
    words = {
        Entry.Kind.REDEEM: _("Price of the reward"),
        Entry.Kind.EXPIRE: _("Not used in time"),
    }.get(Entry.Kind(entry.kind), _("Taken"))
    return Step(words, points_text(Fraction(-entry.points)))
