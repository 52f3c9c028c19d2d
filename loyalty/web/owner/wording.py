"""The sentences and figures of the owner's pages, in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.reports.retention import Retention
from loyalty.reports.shares import Share
from loyalty.web.shared.formats import month, whole
from loyalty.web.shared.percentages import decimal, percent

FEW = 20  # Customers at the start below which “7 of 10” would claim too much.


@dataclass(frozen=True)
class Change:
    trend: str  # up, down or level
    text: str
    was: str


def language() -> str:
    return get_language() or "vi"


def count(number: int) -> str:
    return whole(number, language=language())


def change(now: Share, was: Share) -> Change | None:
    """How the figure moved, in points of percentage as both are shown; None without both."""
    if now.tenths is None or was.tenths is None:
        return None
    moved = now.tenths - was.tenths
    before = _("from %(percent)s") % {"percent": percent(was)}
    if moved == 0:
        return Change("level", _("unchanged"), "")
    text = _("up %(points)s %% points") if moved > 0 else _("down %(points)s %% points")
    trend = "up" if moved > 0 else "down"
    return Change(trend, text % {"points": decimal(abs(moved))}, before)


def answer(asked: Retention, *, days_ago: int | None) -> str:
    """
    The retention rate as one would say it to a partner. `days_ago` is the number of days when
    the period ends today, else None.
    """
    when = (
        _("In the last %(days)s days") % {"days": count(days_ago)}
        if days_ago
        else _("In this period")
    )
    return f"{when}, {_kept(asked)}"


def _kept(asked: Retention) -> str:
    kept, whole_count = asked.rate.part, asked.rate.whole
    if whole_count == 0:
        return _("there were no regulars yet whose return could be measured.")
    if kept > whole_count:
        return _("more regulars are buying than at its start: some came back after a long break.")
    if whole_count < FEW:
        return _("%(kept)s of %(all)s regulars still come. That is too few for a firm rate.") % {
            "kept": count(kept),
            "all": count(whole_count),
        }
    of_ten = (20 * kept + whole_count) // (2 * whole_count)
    if of_ten == 10:
        return _("nearly every regular still comes.")
    if of_ten == 0:
        return _("hardly any regular still comes.")
    return _("%(kept)s of every 10 regulars still come.") % {"kept": of_ten}


def aside(now: Share, was: Share) -> str:
    """What new customers do, compared with the period before; empty when nobody can say."""
    if now.tenths is None or was.tenths is None:
        return ""
    if now.tenths > was.tenths:
        return _("More new customers come a second time than before.")
    if now.tenths < was.tenths:
        return _("Fewer new customers come a second time than before.")
    return _("As many new customers come a second time as before.")


def described(months: Sequence[Retention]) -> str:
    """What the line of the chart shows, for who cannot see it."""
    known = [(each.rate.tenths, each) for each in months if each.rate.tenths is not None]
    if not known:
        return _("No month has a rate yet.")
    lowest = min(known, key=lambda pair: pair[0])[1]
    highest = max(known, key=lambda pair: pair[0])[1]
    places = {"first": known[0][1], "last": known[-1][1], "low": lowest, "high": highest}
    return _("From %(first)s to %(last)s; lowest %(low)s, highest %(high)s.") % {
        name: f"{percent(each.rate)} ({month(each.period.first, language=language())})"
        for name, each in places.items()
    }
