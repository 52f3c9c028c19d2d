"""The rules in words a customer reads, from the same document the arithmetic uses."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from babel.dates import format_date
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.money import format_money
from loyalty.programme.choosing import by_priority, everyday_rules
from loyalty.programme.conditions import Conditions, Span
from loyalty.programme.document import Programme
from loyalty.programme.earn_rules import EarnRule, Kind
from loyalty.programme.expiry import AfterDays, AfterInactiveMonths, AfterMonths, EachYear, Expiry

NO_NAMES: Mapping[str, str] = {}


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
        if rule.enabled and (rule.conditions.last_day is None or rule.conditions.last_day >= on)
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
    with override(language):
        clauses = [
            _gives(programme, rule, currency, language),
            *_tiers_and_money(programme, rule.conditions, currency, language),
            *_places_and_times(rule.conditions, branch_names, language),
        ]
        if not rule.stackable:
            clauses.append(_("not together with another such offer"))
        if rule.stop:
            clauses.append(_("nothing else counts then"))
    return ", ".join(clauses)


def _gives(programme: Programme, rule: EarnRule, currency: str, language: str) -> str:
    if rule.kind is Kind.TIMES:
        times = multiplier_text(rule.multiplier, language=language)
        return _("%(offer)s: points × %(times)s") % {"offer": rule.label(language), "times": times}
    name = programme.point_name if language == "vi" else programme.point_name_en
    words = {
        "points": rule.points,
        "name": _singular(name) if language == "en" and rule.points == 1 else name,
    }
    if rule.kind is Kind.ORDER:
        return _("each bill = %(points)d %(name)s") % words
    money = format_money(rule.per_minor, currency=currency, language=language)
    return _("%(money)s = %(points)d %(name)s") % (words | {"money": money})


def _tiers_and_money(
    programme: Programme, conditions: Conditions, currency: str, language: str
) -> list[str]:
    clauses = []
    if conditions.tiers:
        names = ", ".join(programme.tier(key).label(language) for key in conditions.tiers)
        clauses.append(_("for %(tiers)s members") % {"tiers": names})
    if conditions.min_order_minor:
        money = format_money(conditions.min_order_minor, currency=currency, language=language)
        clauses.append(_("on bills from %(money)s") % {"money": money})
    return clauses


def _places_and_times(
    conditions: Conditions, branch_names: Mapping[str, str], language: str
) -> list[str]:
    clauses = []
    if conditions.branches:
        names = ", ".join(branch_names.get(key, key) for key in conditions.branches)
        clauses.append(_("at %(branches)s") % {"branches": names})
    if conditions.weekdays:
        days = ", ".join(_weekday(number, language) for number in sorted(conditions.weekdays))
        clauses.append(_("on %(weekdays)s") % {"weekdays": days})
    if conditions.hours:
        clauses.append(", ".join(_hours(span) for span in conditions.hours))
    if conditions.first_day:
        clauses.append(_("from %(day)s") % {"day": _day(conditions.first_day, language)})
    if conditions.last_day:
        clauses.append(_("through %(day)s") % {"day": _day(conditions.last_day, language)})
    return clauses


def _weekday(number: int, language: str) -> str:
    name = str(WEEKDAYS[number])
    return name[0].lower() + name[1:] if language == "vi" else name


def _hours(span: Span) -> str:
    words = {"start": _clock(span.start), "end": _clock(span.end)}
    return _("from %(start)s to %(end)s") % words


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _day(day: date, language: str) -> str:
    return f"{day:%d/%m/%Y}" if language == "vi" else str(format_date(day, "d MMM y", locale="en"))


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


def multiplier_text(multiplier: Fraction, *, language: str) -> str:
    """
    >>> multiplier_text(Fraction(6, 5), language="vi"), multiplier_text(Fraction(2), language="en")
    ('1,2', '2')
    """
    exact = Decimal(multiplier.numerator) / multiplier.denominator
    text = f"{exact:.4f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if language == "vi" else text


def _singular(name: str) -> str:
    return name.removesuffix("s")
