"""The names of the tiers, as the reader's language has them."""

from datetime import datetime

from loyalty.programme.versions import NoProgramme, in_force
from loyalty.web.owner.wording import language


def tier_names(at: datetime) -> dict[str, str]:
    """By key, lowest tier first; empty while the shop has no programme."""
    try:
        tiers = in_force(at).programme.tiers
    except NoProgramme:
        return {}
    english = language() == "en"
    return {tier.key: tier.name_en if english and tier.name_en else tier.name for tier in tiers}
