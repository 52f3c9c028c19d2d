"""The rules in words a customer reads, from the same document the arithmetic uses."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.programme.choosing import by_priority, everyday_rules
from loyalty.programme.clauses import (
    NO_NAMES,
    Telling,
    cap_clauses,
    condition_clauses,
    multiplier_text,
    scope_clauses,
)
from loyalty.programme.document import Programme
from loyalty.programme.earn_rules import EarnRule, Kind
from loyalty.programme.expiry import AfterDays, AfterInactiveMonths, AfterMonths, EachYear, Expiry


def earn_sentence(programme: Programme, *, currency: str, language: str) -> str:
    """How a new customer earns on any day: "10.000đ = 1 điểm"."""
    everyday = everyday_rules(programme, tier=programme.tiers[0])
    rules = everyday or [rule for rule in by_priority(programme) if rule.enabled]
    return "; ".join(
        rule_sentence(programme, rule, currency=currency, language=language) for rule in rules
    )


def rule_sentences(
    programme: Programme,
    *,
    currency: str,
    language: str,
    on: date,
    branch_names: Mapping[str, str] = NO_NAMES,
) -> list[str]:
    """Every rule that is switched on and not over by that day, in the order they are asked."""
    return [
        rule_sentence(
            programme, rule, currency=currency, language=language, branch_names=branch_names
        )
        for rule in by_priority(programme)
        if rule.enabled and not rule.conditions.over(on)
    ]


def rule_sentence(
    programme: Programme,
    rule: EarnRule,
    *,
    currency: str,
    language: str,
    branch_names: Mapping[str, str] = NO_NAMES,
) -> str:
    """One rule with all that it asks for: "điểm × 2, vào thứ Ba, từ 14:00 đến 17:00"."""
    telling = Telling(programme, currency, language, branch_names)
    with override(language):
        clauses = [
            _gives(telling, rule),
            *scope_clauses(rule.scope),
            *cap_clauses(telling, rule.cap),
            *condition_clauses(telling, rule.conditions),
        ]
        if not rule.stackable:
            clauses.append(_("not together with another such offer"))
        if rule.stop:
            clauses.append(_("nothing else counts then"))
    return ", ".join(clauses)


def _gives(telling: Telling, rule: EarnRule) -> str:
    if rule.kind is Kind.TIMES:
        times = multiplier_text(rule.multiplier, language=telling.language)
        words = {"offer": rule.label(telling.language), "times": times}
        return _("%(offer)s: points × %(times)s") % words
    words = {"points": telling.points(rule.points)}
    if rule.kind is Kind.ORDER:
        return _("each bill = %(points)s") % words
    if rule.kind is Kind.UNIT:
        return _("each article = %(points)s") % words
    return _("%(money)s = %(points)s") % (words | {"money": telling.money(rule.per_minor)})


def expiry_sentence(programme: Programme, *, language: str) -> str:
    """How long points last, for everybody and then for the tiers that differ."""
    with override(language):
        sentences = [_lasting(programme.expiry)]
        sentences += [
            _("%(tier)s: %(sentence)s")
            % {"tier": tier.label(language), "sentence": _lasting(tier.expiry)}
            for tier in programme.tiers
            if tier.expiry is not None
        ]
    return " ".join(sentences)


def _lasting(expiry: Expiry) -> str:
    if isinstance(expiry, AfterInactiveMonths):
        return ngettext(
            "Points last %(count)d month from the last purchase, to the end of that month.",
            "Points last %(count)d months from the last purchase, to the end of that month.",
            expiry.months,
        ) % {"count": expiry.months}
    if isinstance(expiry, AfterMonths):
        return ngettext(
            "Points last %(count)d month, to the end of that month.",
            "Points last %(count)d months, to the end of that month.",
            expiry.months,
        ) % {"count": expiry.months}
    if isinstance(expiry, AfterDays):
        return ngettext(
            "Points last %(count)d day.", "Points last %(count)d days.", expiry.days
        ) % {"count": expiry.days}
    if isinstance(expiry, EachYear):
        return _each_year(expiry)
    return _("Points never expire.")


def _each_year(expiry: EachYear) -> str:
    words = {"day": f"{expiry.day:02}/{expiry.month:02}", "count": expiry.at_least_days}
    sentence = _("Points can be used through %(day)s each year.")
    if expiry.at_least_days:
        sentence = _(
            "Points can be used through %(day)s each year;"
            " those earned in the %(count)d days before it, through the next year's."
        )
    if expiry.unless_active:
        sentence += " " + _("Whoever bought something in that year keeps them a year longer.")
    return sentence % words
