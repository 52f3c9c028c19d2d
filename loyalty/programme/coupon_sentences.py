"""Coupons for the next purchase in words a customer reads."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.programme.clauses import NO_NAMES, Telling, condition_clauses, scope_clauses
from loyalty.programme.coupons import Coupon
from loyalty.programme.document import Programme


def coupon_sentences(
    programme: Programme,
    *,
    currency: str,
    language: str,
    on: date,
    reward_names: Mapping[str, str],
    branch_names: Mapping[str, str] = NO_NAMES,
) -> list[str]:
    """Every coupon that is switched on and not over by that day; rewards by their catalogue names."""
    telling = Telling(programme, currency, language, branch_names)
    with override(language):
        return [
            _sentence(telling, coupon, reward_names.get(coupon.reward, coupon.reward))
            for coupon in programme.coupons
            if coupon.enabled and not coupon.conditions.over(on)
        ]


def _sentence(telling: Telling, coupon: Coupon, reward: str) -> str:
    bought = [
        _("a purchase brings a voucher for the next one"),
        *scope_clauses(coupon.scope),
        *condition_clauses(telling, coupon.conditions),
    ]
    parts = [f"{', '.join(bought)}: {reward}"]
    days = []
    if coupon.usable_after_days:
        words = ngettext(
            "usable after %(count)d day", "usable after %(count)d days", coupon.usable_after_days
        )
        days.append(words % {"count": coupon.usable_after_days})
    if coupon.valid_days is not None:
        words = ngettext("good for %(count)d day", "good for %(count)d days", coupon.valid_days)
        days.append(words % {"count": coupon.valid_days})
    if days:
        parts.append(", ".join(days))
    parts.append(_("use it, and the next one follows") if coupon.repeat else _("once a customer"))
    return f"{coupon.label(telling.language)}: {'; '.join(parts)}."
