"""What is allowed in a document but may cost more than its author thinks. Pure."""

from collections.abc import Iterator
from fractions import Fraction
from math import prod

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.programme.choosing import everyday_rules
from loyalty.programme.clauses import multiplier_text
from loyalty.programme.discount_rules import DiscountRule
from loyalty.programme.discounts import discounts_by_priority
from loyalty.programme.document import Programme
from loyalty.programme.earn_rules import Kind
from loyalty.programme.ladder import Tier

MUCH_OFF = 30  # Percent of a bill by one discount, or
MUCH_TOGETHER = 50  # by all that may come together.
MUCH_BACK = 20  # Percent of a purchase that its points pay later.


def cautions(programme: Programme) -> list[str]:
    """Sentences for whoever publishes the document; empty when nothing stands out."""
    return [*_single(programme), *_together(programme), *_back(programme)]


def _single(programme: Programme) -> Iterator[str]:
    for rule in programme.discounts:
        asked = rule.conditions
        if rule.enabled and not (asked.last_day or asked.code or asked.birthday or asked.tiers):
            yield _("Discount %(key)s has no last day: the lower price becomes the usual one.") % {
                "key": rule.key
            }
    for rule in discounts_by_priority(programme):
        if rule.enabled and rule.most_percent > MUCH_OFF and not rule.cap_minor:
            words = {"key": rule.key, "percent": _percent(rule.most_percent)}
            yield _("Discount %(key)s takes %(percent)s off, however large the bill.") % words


def _together(programme: Programme) -> Iterator[str]:
    """For each tier, as if all that its members may have held at once."""
    worst = max((_percent_off(programme, tier) for tier in programme.tiers), default=Fraction())
    stackable = any(rule.enabled and rule.stackable for rule in discounts_by_priority(programme))
    if worst > MUCH_TOGETHER and stackable:
        words = {"percent": _percent(worst)}
        yield _("Together, discounts may take up to %(percent)s off.") % words


def _percent_off(programme: Programme, tier: Tier) -> Fraction:
    rules = [
        rule
        for rule in discounts_by_priority(programme)
        if rule.enabled and (not rule.conditions.tiers or tier.key in rule.conditions.tiers)
    ]
    alone = max((rule.most_percent for rule in rules if not rule.stackable), default=Fraction())
    left = prod((_left(rule) for rule in rules if rule.stackable), start=1 - alone / 100)
    return (1 - left) * 100


def _left(rule: DiscountRule) -> Fraction:
    return 1 - rule.most_percent / 100


def _back(programme: Programme) -> Iterator[str]:
    """What a purchase pays of later ones, by the rules that hold every day."""
    if programme.pay is None or not programme.pay.enabled:
        return
    worth = Fraction(programme.pay.money_minor, programme.pay.points)
    for tier in programme.tiers:
        rules = everyday_rules(programme, tier=tier)
        paying = (rule for rule in rules if rule.kind is Kind.AMOUNT)
        rate = sum((Fraction(rule.points, rule.per_minor) for rule in paying), Fraction())
        times = prod((rule.multiplier for rule in rules), start=tier.multiplier)
        back = rate * times * worth * 100
        if back > MUCH_BACK:
            words = {"tier": tier.key, "percent": _percent(back)}
            yield _("In tier %(tier)s, points pay back %(percent)s of every purchase.") % words


def _percent(number: Fraction) -> str:
    """Rounded to one decimal."""
    tenths = Fraction(round(number * 10), 10)
    return f"{multiplier_text(tenths, language=get_language() or 'vi')}%"
