"""What people call the groups of a report."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.programme.versions import NoProgramme, in_force


def tier_names(at: datetime) -> dict[str, str]:
    """By key, lowest tier first; empty while the shop has no programme."""
    try:
        tiers = in_force(at).programme.tiers
    except NoProgramme:
        return {}
    return {tier.key: tier.label(get_language() or "vi") for tier in tiers}


def group_name(key: str, tiers: Mapping[str, str]) -> str:
    """What people call a group of the revenue report; other texts stay."""
    if key == "anonymous":
        return _("Without a card")
    if not key.startswith("tier:"):
        return key
    return tiers.get(key.removeprefix("tier:")) or _("Members without a tier")
