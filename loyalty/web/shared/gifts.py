"""Bonuses in a reader's words: what each was for."""

from datetime import date
from fractions import Fraction
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.programme.bonuses import Event
from loyalty.web.shared import display as shown
from loyalty.web.shared.sums import Step, points_text


def gift_title(explanation: dict[str, Any]) -> str:
    """What the bonus of that explanation was for: "Birthday gift"."""
    return {
        Event.WELCOME: _("Welcome gift"),
        Event.BIRTHDAY: _("Birthday gift"),
        Event.ANNIVERSARY: _("Gift for another year as a member"),
        Event.PROFILE: _("Gift for a complete profile"),
        Event.SURVEY: _("Thank you for your answers"),
    }[Event(explanation["bonus"])]


def gift_step(explanation: dict[str, Any], points: int) -> Step:
    """The day the bonus was for, and the tier that decided how much it was."""
    english = get_language() == "en" and explanation["tier_name_en"]
    words = {
        "day": shown.day(date.fromisoformat(explanation["day"])),
        "tier": explanation["tier_name_en"] if english else explanation["tier_name"],
    }
    return Step(_("For %(day)s, %(tier)s tier") % words, points_text(Fraction(points)))
