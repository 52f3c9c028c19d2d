"""Ledger entries in a member's words: what happened, and the sum behind it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from loyalty.dates import month_start
from loyalty.ledger.models import Entry
from loyalty.ledger.queries import entries_of
from loyalty.programme.sentences import multiplier_text
from loyalty.web.templatetags import shop as shown


@dataclass(frozen=True)
class Step:
    words: str
    figure: str


@dataclass(frozen=True)
class Line:
    number: int
    title: str
    points: int
    balance_after: int
    occurred_at: datetime
    month: date  # The first day of the shop-local month it happened in.
    steps: tuple[Step, ...]  # The sum, in the order a person would do it; the last is its end.


def statement_of(customer_id: int) -> QuerySet[Entry]:
    """The customer's entries, newest first, with all that `line_of` reads."""
    return entries_of(customer_id).select_related("lot", "purchase", "redemption__reward")


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
    )


def _title(entry: Entry) -> str:
    purchase = getattr(entry, "purchase", None)
    redemption = getattr(entry, "redemption", None)
    if purchase is not None:
        return _("Purchase of %(amount)s") % {"amount": shown.money(purchase.amount_minor)}
    if redemption is not None:
        return _("Redeemed: %(reward)s") % {"reward": shown.named(redemption.reward)}
    titles = {
        Entry.Kind.EARN: _("Points earned"),
        Entry.Kind.REDEEM: _("Points spent"),
        Entry.Kind.EXPIRE: _("Points expired"),
        Entry.Kind.ADJUST: _("Changed by the shop"),
        Entry.Kind.REVERSE: _("Taken back"),
    }
    return titles[Entry.Kind(entry.kind)]


def _steps(entry: Entry) -> tuple[Step, ...]:
    if entry.kind == Entry.Kind.EARN and "rules" in entry.explanation:
        return (*_earning_steps(entry.explanation), _added(entry))
    if entry.points > 0:
        return (*_reason(entry), _added(entry))
    return (*_reason(entry), *_lots_taken(entry), _taken(entry))


def _earning_steps(explanation: dict[str, Any]) -> list[Step]:
    amount = shown.money(explanation["amount_minor"])
    steps = [
        Step(
            _("%(amount)s, at %(money)s = %(points)s")
            % {
                "amount": amount,
                "money": shown.money(rule["per_minor"]),
                "points": _points(Fraction(rule["points"])),
            },
            _points(Fraction(rule["gives"])),
        )
        for rule in explanation["rules"]
    ]
    multiplier = Fraction(explanation["multiplier"])
    if multiplier != 1:
        steps.append(_tier_step(explanation, multiplier))
    return steps


def _tier_step(explanation: dict[str, Any], multiplier: Fraction) -> Step:
    before = sum((Fraction(rule["gives"]) for rule in explanation["rules"]), Fraction())
    exact = before * multiplier
    english = get_language() == "en" and explanation.get("tier_name_en")
    tier = explanation["tier_name_en"] if english else explanation["tier_name"]
    words = _("%(tier)s tier") % {"tier": tier}
    if exact.denominator != 1:
        words = {
            "floor": _("%(tier)s tier, rounded down"),
            "ceil": _("%(tier)s tier, rounded up"),
            "round": _("%(tier)s tier, rounded"),
        }[explanation["rounding"]] % {"tier": tier}
    return Step(words, f"× {_figure(multiplier)} = {_figure(exact)}")


def _reason(entry: Entry) -> list[Step]:
    by_hand = entry.kind in (Entry.Kind.ADJUST, Entry.Kind.REVERSE)
    return [Step(_("Reason"), entry.reason)] if by_hand and entry.reason else []


def _lots_taken(entry: Entry) -> list[Step]:
    """Which points a debit took, by the day they would have ended; the soonest first."""
    taken: Counter[date | None] = Counter()
    for allocation in entry.allocations.all():
        taken[allocation.lot.expires_on] += allocation.points
    return [
        Step(
            _("From points that end on %(day)s") % {"day": shown.day(day)}
            if day
            else _("From points that never expire"),
            _points(Fraction(taken[day])),
        )
        for day in sorted(taken, key=lambda day: day or date.max)
    ]


def _added(entry: Entry) -> Step:
    lot = getattr(entry, "lot", None)
    if lot is not None and lot.expires_on is not None:
        words = _("Added, usable through %(day)s") % {"day": shown.day(lot.expires_on)}
    else:
        words = _("Added")
    return Step(words, _points(Fraction(entry.points)))


def _taken(entry: Entry) -> Step:
    words = {
        Entry.Kind.REDEEM: _("Price of the reward"),
        Entry.Kind.EXPIRE: _("Not used in time"),
    }.get(Entry.Kind(entry.kind), _("Taken"))
    return Step(words, _points(Fraction(-entry.points)))


def _points(number: Fraction) -> str:
    figure = _figure(number)
    return ngettext("%(figure)s point", "%(figure)s points", 1 if number == 1 else 2) % {
        "figure": figure
    }


def _figure(number: Fraction) -> str:
    """
    >>> _figure(Fraction(36, 5)), _figure(Fraction(1286))
    ('7,2', '1.286')
    """
    if number.denominator == 1:
        return shown.points(int(number))
    return multiplier_text(number, language=get_language() or "vi")
