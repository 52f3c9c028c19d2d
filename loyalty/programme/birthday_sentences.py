"""The days around a birthday in words, as a part of a rule's sentence."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.programme.birthdays import Span, Window


def window_clause(window: Window) -> str:
    """When the window is open, in the language that is active: "in the month of the birthday"."""
    if window.span is Span.WEEK:
        return _("in the week of the birthday")
    if window.span is Span.MONTH:
        return _("in the month of the birthday")
    if window.span is Span.DAY or not (window.before or window.after):
        return _("on the birthday")
    return _around(window)


def _around(window: Window) -> str:
    if not window.before:
        days = window.after + 1
        return _("within %(days)d days, the birthday being the first") % {"days": days}
    if not window.after:
        return ngettext(
            "from %(days)d day before the birthday to the day itself",
            "from %(days)d days before the birthday to the day itself",
            window.before,
        ) % {"days": window.before}
    if window.before == window.after:
        return ngettext(
            "up to %(days)d day before or after the birthday",
            "up to %(days)d days before or after the birthday",
            window.before,
        ) % {"days": window.before}
    words = {"before": _days(window.before), "after": _days(window.after)}
    return _("from %(before)s before to %(after)s after the birthday") % words


def _days(count: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}
