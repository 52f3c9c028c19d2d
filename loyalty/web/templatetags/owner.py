"""Formatting for the owner's pages: `{% load owner %}`."""

from datetime import date

from django import template

from loyalty.reports.shares import Share
from loyalty.web.shared import percentages

register = template.Library()


@register.filter
def percent(share: Share) -> str:
    """A share as 68,4%, or a dash when nothing was counted."""
    return percentages.percent(share)


@register.filter
def percent_figure(share: Share) -> str:
    """68,4 without its sign, in a table that says so above."""
    return percentages.NONE if share.tenths is None else percentages.decimal(share.tenths)


@register.filter
def month_number(day: date) -> str:
    """11, above a column that is narrow."""
    return f"{day:%m}"
