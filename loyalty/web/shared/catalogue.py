"""Rewards in a reader's words: when they open, for whom, where."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.programme.document import Programme
from loyalty.shop.models import Branch
from loyalty.web.shared import display as shown
from rewards.availability import Reason, final_day
from rewards.models import Promised, Reward
from rewards.offers import Offer


def shut_text(offer: Offer, programme: Programme) -> str:
    """What keeps this customer from it: "From Gold", "Opens for you on 23/11/2026"."""
    day = {"day": shown.day(offer.opens_on)} if offer.opens_on else {}
    match offer.reason:
        case Reason.OTHER_TIER:
            return tiers_text(offer.reward, programme)
        case Reason.NOT_YET if offer.opens_on != offer.reward.starts_on:
            return _("Opens for you on %(day)s") % day
        case Reason.NOT_YET:
            return _("Opens on %(day)s") % day
        case Reason.TOO_OFTEN if day:
            return _("Yours again from %(day)s") % day
        case Reason.TOO_OFTEN:
            return _("You have had it")
        case Reason.SOLD_OUT | Reason.ALL_REDEEMED:
            return _("Sold out")
    return ""


def tiers_text(reward: Reward, programme: Programme) -> str:
    """The tiers that may have it: "From Gold", or by name where a higher one may not."""
    language = get_language() or ""
    wanted = [tier for tier in programme.tiers if tier.key in reward.tiers]
    names = ", ".join(tier.label(language) for tier in wanted)
    if wanted and wanted == list(programme.tiers[-len(wanted) :]):
        return _("From %(tier)s tier") % {"tier": wanted[0].label(language)}
    return _("Only for: %(names)s") % {"names": names}


def branches_of(rewards: Iterable[Promised]) -> dict[str, str]:
    """The names of the branches these rewards or terms are of, by key. One query, or none."""
    keys = {key for reward in rewards for key in reward.branches}
    if not keys:
        return {}
    return dict(Branch.objects.filter(key__in=keys).values_list("key", "name"))


def notes_of(reward: Reward, *, branches: dict[str, str], today: date) -> list[str]:
    """What to know before redeeming it."""
    notes = []
    if reward.branches:
        names = ", ".join(branches.get(key, key) for key in reward.branches)
        notes.append(_("Only at %(names)s") % {"names": names})
    if day := reward.usable_from(today):
        notes.append(_("Voucher usable from %(day)s") % {"day": shown.day(day)})
    if last := final_day(reward):
        notes.append(_("To be had through %(day)s") % {"day": shown.day(last)})
    return notes
