"""What rules ask for, as parts of a sentence in the language that is active."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from babel.dates import format_date
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from loyalty.money import format_money
from loyalty.programme.birthday_sentences import window_clause
from loyalty.programme.caps import Cap, Period
from loyalty.programme.conditions import Conditions, Span
from loyalty.programme.document import Programme
from loyalty.programme.scope import Scope

NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True)
class Telling:
    """What a sentence is made of besides the rule, and for whom."""

    programme: Programme
    currency: str
    language: str
    branch_names: Mapping[str, str]

    def money(self, minor: int) -> str:
        return format_money(minor, currency=self.currency, language=self.language)

    def points(self, count: int) -> str:
        return named_points(self.programme, count, language=self.language)


def named_points(programme: Programme, count: int, *, language: str) -> str:
    """The number with the programme's own word: "1.000 điểm", "1 point"."""
    name = programme.point_name if language == "vi" else programme.point_name_en
    if language == "en" and count == 1:
        name = name.removesuffix("s")
    return f"{whole_text(count, language=language)} {name}"


def condition_clauses(telling: Telling, conditions: Conditions) -> list[str]:
    """Everything that has to hold, each a clause."""
    return [
        *_tiers_and_money(telling, conditions),
        *_places_and_times(telling, conditions),
    ]


def _tiers_and_money(telling: Telling, conditions: Conditions) -> list[str]:
    clauses = []
    if conditions.tiers:
        tiers = [telling.programme.tier(key) for key in conditions.tiers]
        names = ", ".join(tier.label(telling.language) for tier in tiers)
        clauses.append(_("for %(tiers)s members") % {"tiers": names})
    if conditions.min_order_minor:
        money = telling.money(conditions.min_order_minor)
        clauses.append(_("on bills from %(money)s") % {"money": money})
    if conditions.code:
        clauses.append(_("with a promotion code"))
    if conditions.birthday:
        clauses.append(window_clause(conditions.birthday))
    return clauses


def _places_and_times(telling: Telling, conditions: Conditions) -> list[str]:
    clauses, language = [], telling.language
    if conditions.branches:
        names = ", ".join(telling.branch_names.get(key, key) for key in conditions.branches)
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


def scope_clauses(scope: Scope) -> list[str]:
    """The goods a rule is about, and those it is not about."""
    said = [
        (_("for %(names)s"), scope.categories),
        (_("for the articles %(names)s"), scope.skus),
        (_("for goods labelled %(names)s"), scope.labels),
        (_("not for %(names)s"), scope.not_categories),
        (_("not for the articles %(names)s"), scope.not_skus),
        (_("not for goods labelled %(names)s"), scope.not_labels),
    ]
    return [words % {"names": ", ".join(names)} for words, names in said if names]


def cap_clauses(telling: Telling, cap: Cap | None) -> list[str]:
    """The most points a rule gives."""
    if cap is None:
        return []
    words = {
        Period.SALE: _("at most %(points)s a bill"),
        Period.DAY: _("at most %(points)s a day"),
        Period.WEEK: _("at most %(points)s a week"),
        Period.MONTH: _("at most %(points)s a month"),
        Period.YEAR: _("at most %(points)s a year"),
        Period.EVER: _("at most %(points)s in all"),
    }[cap.per]
    return [words % {"points": telling.points(cap.points)}]


def multiplier_text(number: Fraction, *, language: str) -> str:
    """
    >>> multiplier_text(Fraction(6, 5), language="vi"), multiplier_text(Fraction(2), language="en")
    ('1,2', '2')
    """
    exact = Decimal(number.numerator) / number.denominator
    text = f"{exact:.4f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if language == "vi" else text


def whole_text(number: int, *, language: str) -> str:
    """
    >>> whole_text(1_000, language="vi"), whole_text(1_000, language="en")
    ('1.000', '1,000')
    """
    return f"{number:,}".replace(",", "." if language == "vi" else ",")


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
