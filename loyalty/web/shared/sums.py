"""How points were worked out, line by line, in the reader's language."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from loyalty.programme.clauses import multiplier_text
from loyalty.web.shared import display as shown


@dataclass(frozen=True)
class Step:
    words: str
    figure: str


def earning_steps(explanation: dict[str, Any]) -> list[Step]:
    """The sum of an earning's explanation in the order a person would do it."""
    amount_minor = explanation["amount_minor"]
    steps = [_rule_step(rule, amount_minor) for rule in explanation["rules"]]
    exact = sum((Fraction(rule["gives"]) for rule in explanation["rules"]), Fraction())
    factors = _factors(explanation)
    for name, times in factors:
        exact *= times
        steps.append(Step(name, f"× {figure_text(times)} = {figure_text(exact)}"))
    if factors and exact.denominator != 1:
        steps[-1] = Step(_rounded(steps[-1].words, explanation["rounding"]), steps[-1].figure)
    return steps


def _rule_step(rule: dict[str, Any], amount_minor: int) -> Step:
    words = _rule_words(rule, rule.get("amount_minor", amount_minor))
    if "wanted" in rule:
        words = _("%(words)s, the most there is") % {"words": words}
    return Step(words, points_text(Fraction(rule["gives"])))


def _rule_words(rule: dict[str, Any], amount_minor: int) -> str:
    name, amount = _named(rule, "name"), shown.money(amount_minor)
    if "times" in rule:
        return _("%(rule)s, more for %(amount)s") % {"rule": name, "amount": amount}
    if rule.get("per") == "order":
        return name
    points = points_text(Fraction(rule["points"]))
    if rule.get("per") == "unit":
        units = {"rule": name, "units": figure_text(Fraction(rule["units"])), "points": points}
        return _("%(rule)s: %(units)s × %(points)s") % units
    words = {"amount": amount, "money": shown.money(rule["per_minor"]), "points": points}
    if "lines" in rule:
        return _("%(rule)s: %(amount)s, at %(money)s = %(points)s") % ({"rule": name} | words)
    return _("%(amount)s, at %(money)s = %(points)s") % words


def _factors(explanation: dict[str, Any]) -> list[tuple[str, Fraction]]:
    """What the points are multiplied by and why, the tier last."""
    factors = [
        (_named(rule, "name"), Fraction(rule["times"]))
        for rule in explanation.get("multipliers", [])
    ]
    tier = Fraction(explanation["multiplier"])
    if tier != 1:
        factors.append((_("%(tier)s tier") % {"tier": _named(explanation, "tier_name")}, tier))
    return factors


def _named(words: dict[str, Any], key: str) -> str:
    english = get_language() == "en" and words.get(f"{key}_en")
    return str(words[f"{key}_en"] if english else words[key])


def _rounded(words: str, rounding: str) -> str:
    return {
        "floor": _("%(words)s, rounded down"),
        "ceil": _("%(words)s, rounded up"),
        "round": _("%(words)s, rounded"),
    }[rounding] % {"words": words}


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
