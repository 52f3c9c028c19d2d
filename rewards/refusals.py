"""Why a reward cannot be had, in words that staff and members understand."""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from loyalty.programme.versions import in_force
from loyalty.shop.models import Branch
from rewards.availability import Reason, final_day, first_day
from rewards.models import Reward

_OFTEN = {
    Reward.Per.DAY: lambda n: ngettext(
        "%(reward)s can be had once a day.", "%(reward)s can be had %(n)d times a day.", n
    ),
    Reward.Per.WEEK: lambda n: ngettext(
        "%(reward)s can be had once a week.", "%(reward)s can be had %(n)d times a week.", n
    ),
    Reward.Per.MONTH: lambda n: ngettext(
        "%(reward)s can be had once a month.", "%(reward)s can be had %(n)d times a month.", n
    ),
    Reward.Per.YEAR: lambda n: ngettext(
        "%(reward)s can be had once a year.", "%(reward)s can be had %(n)d times a year.", n
    ),
    Reward.Per.EVER: lambda n: ngettext(
        "%(reward)s can be had once.", "%(reward)s can be had %(n)d times.", n
    ),
}


def refusal_text(reason: Reason, reward: Reward, *, tier_key: str, at: datetime) -> str:
    """One sentence. A query for the names of tiers or branches where it needs them."""
    words: dict[str, object] = {"reward": name_of(reward)}
    match reason:
        case Reason.RETIRED:
            return _("%(reward)s is no longer offered.") % words
        case Reason.OVER:
            last = _day(final_day(reward))
            return _("%(reward)s could be had until %(day)s.") % (words | {"day": last})
        case Reason.SOLD_OUT:
            return _("%(reward)s has run out.") % words
        case Reason.ALL_REDEEMED:
            return _("%(reward)s has been redeemed as often as there were.") % words
        case Reason.OTHER_TIER:
            names = tier_names(reward.tiers, at=at)
            return _("%(reward)s is for these tiers: %(names)s.") % (words | {"names": names})
        case Reason.NOT_YET:
            opens_on = first_day(reward, tier_key=tier_key)
            return _("%(reward)s can be had from %(day)s.") % (words | {"day": _day(opens_on)})
        case Reason.OTHER_BRANCH:
            names = branch_names(reward.branches)
            return _("%(reward)s can be had only at: %(names)s.") % (words | {"names": names})
        case Reason.TOO_OFTEN:
            often = reward.most_per_customer or 0
            return _OFTEN[Reward.Per(reward.most_per)](often) % (words | {"n": often})


def name_of(reward: Reward) -> str:
    """The reward's name for the reader."""
    in_english = (get_language() or "").startswith("en")
    return reward.name_en if in_english and reward.name_en else reward.name


def tier_names(keys: Iterable[str], *, at: datetime) -> str:
    """The names of these tiers for the reader, in the order they are climbed."""
    wanted, language = set(keys), get_language() or ""
    tiers = in_force(at).programme.tiers
    return ", ".join(tier.label(language) for tier in tiers if tier.key in wanted)


def branch_names(keys: Iterable[str]) -> str:
    return ", ".join(Branch.objects.filter(key__in=keys).values_list("name", flat=True))


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""
