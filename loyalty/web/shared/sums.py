"""How points were worked out, line by line, in the reader's language."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from loyalty.programme.sentences import multiplier_text
from loyalty.web.shared import display as shown


@dataclass(frozen=True)
class Step:
    words: str
    figure: str


def earning_steps(explanation: dict[str, Any]) -> list[Step]:
    """The sum of an earning's explanation in the order a person would do it."""
    amount = shown.money(explanation["amount_minor"])
    steps = [
        Step(
            _("%(amount)s, at %(money)s = %(points)s")
            % {
                "amount": amount,
                "money": shown.money(rule["per_minor"]),
                "points": points_text(Fraction(rule["points"])),
            },
            points_text(Fraction(rule["gives"])),
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
    return Step(words, f"× {figure_text(multiplier)} = {figure_text(exact)}")


def points_text(number: Fraction) -> str:
    """The number with the word for points."""
    return ngettext("%(figure)s point", "%(figure)s points", 1 if number == 1 else 2) % {
        "figure": figure_text(number)
    }


def figure_text(number: Fraction) -> str:
    """
    >>> figure_text(Fraction(36, 5)), figure_text(Fraction(1286))
    ('7,2', '1.286')
    """
    if number.denominator == 1:
        return shown.points(int(number))
    return multiplier_text(number, language=get_language() or "vi")
