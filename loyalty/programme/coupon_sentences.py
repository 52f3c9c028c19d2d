"""A coupon for the next purchase in words a customer reads."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.programme.clauses import Telling, condition_clauses, scope_clauses
from loyalty.programme.coupons import Coupon


def coupon_sentence(telling: Telling, coupon: Coupon, reward: str) -> str:
    """What brings it, what it is and how long it is good; in the active language."""
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
