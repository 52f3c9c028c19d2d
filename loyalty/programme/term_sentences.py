"""When points can be spent, and what a return does to them, in words a customer reads."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.programme.document import Programme
from loyalty.programme.refunds import Clawback, SpentPoints


def pending_sentences(programme: Programme, *, language: str) -> list[str]:
    """From when a purchase's points can be spent; empty when that is at once."""
    days = programme.pending_days
    if not days:
        return []
    with override(language):
        sentence = ngettext(
            "Points of a purchase can be used from %(count)d day after it.",
            "Points of a purchase can be used from %(count)d days after it.",
            days,
        )
    return [sentence % {"count": days}]


def refund_sentences(programme: Programme, *, language: str) -> list[str]:
    """What becomes of the points earned and the points spent when goods come back."""
    with override(language):
        return [_earned(programme.refunds.clawback), _spent(programme.refunds.spent_points)]


def _earned(clawback: Clawback) -> str:
    if clawback is Clawback.CLAMP:
        return _("A return takes back the points it earned, as far as they are still there.")
    return _(
        "A return takes back the points it earned; what is spent already is made up for by the"
        " next points."
    )


def _spent(spent_points: SpentPoints) -> str:
    if spent_points is SpentPoints.FULL_ONLY:
        return _("Points you paid with come back, with their old last day, when all is returned.")
    return _(
        "Points you paid with come back, with their old last day, in step with what is returned."
    )
