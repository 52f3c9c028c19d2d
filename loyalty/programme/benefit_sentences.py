"""Discounts, perks, paying with points and what earns, in words a customer reads."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.programme.clauses import (
    NO_NAMES,
    Telling,
    condition_clauses,
    multiplier_text,
    scope_clauses,
)
from loyalty.programme.discount_rules import DiscountRule
from loyalty.programme.discounts import discounts_by_priority
from loyalty.programme.document import Programme
from loyalty.programme.marks import Mark
from loyalty.programme.pay_rules import PayRules
from loyalty.programme.taking import ALL


def discount_sentences(
    programme: Programme,
    *,
    currency: str,
    language: str,
    on: date,
    branch_names: Mapping[str, str] = NO_NAMES,
) -> list[str]:
    """Every discount that is switched on and not over by that day, and how several go together."""
    told = [
        rule
        for rule in discounts_by_priority(programme)
        if rule.enabled and not rule.conditions.over(on)
    ]
    telling = Telling(programme, currency, language, branch_names)
    with override(language):
        sentences = [_discount(telling, rule) for rule in told]
        if sum(not rule.stackable for rule in told) > 1:
            sentences.append(_("Of several discounts, a bill gets the one worth most."))
    return sentences


def _discount(telling: Telling, rule: DiscountRule) -> str:
    clauses = [*_offered(telling, rule), *scope_clauses(rule.scope)]
    if rule.cap_minor:
        money = telling.money(rule.cap_minor)
        clauses.append(_("at most %(money)s a bill") % {"money": money})
    clauses += condition_clauses(telling, rule.conditions)
    if rule.conditions.birthday:
        clauses.append(_("once each birthday"))
    if rule.stackable:
        clauses.append(_("also on top of another discount"))
    if rule.stop:
        clauses.append(_("nothing else counts then"))
    return ", ".join(clauses) + "."


def _offered(telling: Telling, rule: DiscountRule) -> list[str]:
    words = {
        "offer": rule.label(telling.language),
        "percent": multiplier_text(rule.percent, language=telling.language),
        "buy": rule.buy,
        "get": rule.get,
    }
    if not rule.buy:
        return [_("%(offer)s: %(percent)s%% off") % words]
    free = rule.percent == ALL
    said = (
        _("%(offer)s: buy %(buy)d, get %(get)d free")
        if free
        else _("%(offer)s: buy %(buy)d, get %(get)d at %(percent)s%% off")
    )
    cheapest = ngettext(
        "the cheapest one of every %(count)d",
        "the %(n)d cheapest ones of every %(count)d",
        rule.get,
    )
    clauses = [said % words, cheapest % {"n": rule.get, "count": rule.buy + rule.get}]
    return clauses if rule.repeat else [*clauses, _("once a bill")]


def perk_sentences(programme: Programme, *, language: str) -> list[str]:
    """What tiers give besides points and discounts, one sentence a tier."""
    sentences = []
    with override(language):
        for tier in programme.tiers:
            perks = [_("free shipping")] if tier.free_shipping else []
            perks += tier.perks_for(language)
            if perks:
                words = {"tier": tier.label(language), "perks": "; ".join(perks)}
                sentences.append(_("%(tier)s: %(perks)s.") % words)
    return sentences


def pay_sentences(programme: Programme, *, currency: str, language: str) -> list[str]:
    """What points are worth as money, within which limits; nothing where they are not."""
    rules = programme.pay
    if rules is None or not rules.enabled:
        return []
    telling = Telling(programme, currency, language, NO_NAMES)
    with override(language):
        sentences = [", ".join(_worth(telling, rules)) + "."]
        if programme.basis.paid_with_points:
            sentences.append(_("What is paid with points earns points too."))
        else:
            sentences.append(_("What is paid with points earns none."))
    return sentences


def _worth(telling: Telling, rules: PayRules) -> list[str]:
    worth = {"points": telling.points(rules.points), "money": telling.money(rules.money_minor)}
    clauses = [_("When you pay, %(points)s = %(money)s") % worth]
    if rules.step > rules.points:
        step = {"points": telling.points(rules.step)}
        clauses.append(_("in whole steps of %(points)s") % step)
    if rules.minimum > rules.step:
        least = {"points": telling.points(rules.minimum)}
        clauses.append(_("from %(points)s on") % least)
    if rules.keep_at_least:
        kept = {"points": telling.points(rules.keep_at_least)}
        clauses.append(_("%(points)s stay on the account") % kept)
    if rules.most_percent < 100:
        percent = multiplier_text(rules.most_percent, language=telling.language)
        clauses.append(_("at most %(percent)s%% of a bill") % {"percent": percent})
    return clauses


def mark_sentences(
    programme: Programme,
    *,
    currency: str,
    language: str,
    on: date,
    branch_names: Mapping[str, str] = NO_NAMES,
) -> list[str]:
    """Which goods earn nothing, do not count or are not paid with points."""
    telling = Telling(programme, currency, language, branch_names)
    with override(language):
        return [
            _mark(telling, mark)
            for mark in programme.marks
            if mark.enabled and not mark.conditions.over(on)
        ]


def _mark(telling: Telling, mark: Mark) -> str:
    """The mark's name says which goods they are."""
    withdrawn = []
    if not mark.earns:
        withdrawn.append(
            _("no points, but it counts for the tier") if mark.counts_for_tier else _("no points")
        )
    if not mark.counts_for_tier:
        withdrawn.append(_("does not count for the tier"))
    if not mark.pay_with_points:
        withdrawn.append(_("not paid with points"))
    words = {"goods": mark.label(telling.language), "withdrawn": ", ".join(withdrawn)}
    clauses = [_("%(goods)s: %(withdrawn)s") % words]
    return ", ".join([*clauses, *condition_clauses(telling, mark.conditions)]) + "."


def basis_sentences(programme: Programme, *, language: str) -> list[str]:
    """What of a bill earns, where it is not simply what the goods cost the customer."""
    basis = programme.basis
    with override(language):
        said = [
            (basis.gross, _("Points are for the price before discounts.")),
            (not basis.tax, _("Points are for the price without tax.")),
            (basis.shipping, _("Shipping earns points too.")),
        ]
    return [sentence for holds, sentence in said if holds]
