"""The rules in words a customer reads, from the same document the arithmetic uses."""

from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.money import format_money
from loyalty.programme.document import Programme, Tier


def earn_sentence(programme: Programme, *, currency: str, language: str) -> str:
    """How points are earned: "10.000đ = 1 điểm"."""
    with override(language):
        name = programme.point_name if language == "vi" else programme.point_name_en
        rules = [
            _("%(money)s = %(points)d %(name)s")
            % {
                "money": format_money(rule.per_minor, currency=currency, language=language),
                "points": rule.points,
                "name": _singular(name) if language == "en" and rule.points == 1 else name,
            }
            for rule in programme.earn
        ]
    return "; ".join(rules)


def expiry_sentence(programme: Programme, *, language: str) -> str:
    """How long points last."""
    with override(language):
        months = programme.expire_after_months
        if months is None:
            return _("Points never expire.")
        return ngettext(
            "Points last %(count)d month, to the end of that month.",
            "Points last %(count)d months, to the end of that month.",
            months,
        ) % {"count": months}


def tier_sentence(tier: Tier, *, currency: str, language: str) -> str:
    """What a tier asks for and gives: "Bạc: từ 1.000.000đ, điểm nhân 1,2"."""
    with override(language):
        words = {
            "tier": tier.label(language),
            "money": format_money(tier.entry_minor, currency=currency, language=language),
            "times": multiplier_text(tier.multiplier, language=language),
        }
        if tier.entry_minor == 0:
            return _("%(tier)s: from the first purchase, points × %(times)s") % words
        return _("%(tier)s: from %(money)s spent, points × %(times)s") % words


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
