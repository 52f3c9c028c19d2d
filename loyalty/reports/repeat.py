"""Which part of the customers bought more than once."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from loyalty.reports.frequency import Counting, Times, frequency
from loyalty.reports.shares import Share

DEFINITION = _(
    "Customers with two purchases or more, divided by customers with at least one. Every bill "
    "is a purchase."
)


def repeat_rate(
    *,
    since: date | None = None,
    until: date | None = None,
    branch: int | None = None,
    counting: Counting = Counting.BILLS,
) -> Share:
    """
    Customers with two purchases or more between the two days (both inside), of those with at
    least one; without days, ever. One query.
    """
    return repeated(frequency(since=since, until=until, branch=branch, counting=counting))


def repeated(groups: tuple[Times, ...]) -> Share:
    """The same, from groups already counted."""
    once = groups[0].share
    return Share(once.whole - once.part, once.whole)
