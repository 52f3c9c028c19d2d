"""What the rules promise and the catalogue does not hold, and the other way about."""

from datetime import datetime

from django.utils.translation import gettext as _

from loyalty.dates import local_date
from loyalty.programme.coupons import Coupon
from loyalty.programme.stamps import StampCard
from loyalty.programme.versions import NoProgramme, in_force
from loyalty.shop.models import Branch
from loyalty.shop.queries import ShopMissing, get_shop
from rewards.models import Reward


def broken_promises(*, at: datetime) -> list[str]:
    """
    Sentences about stamp cards and coupons whose reward is not in the catalogue, and about rewards
    for tiers or branches that do not exist (any more). Four queries; none of it is refused, since
    rules and catalogue change one after the other.
    """
    try:
        programme, shop = in_force(at).programme, get_shop()
    except (NoProgramme, ShopMissing):
        return []
    today = local_date(at, shop.zone)
    rewards = list(Reward.objects.only("key", "is_active", "tiers", "early_tiers", "branches"))
    keys = {reward.key for reward in rewards}
    promised: list[StampCard | Coupon] = [*programme.stamp_cards, *programme.coupons]
    missing = [
        _("%(name)s promises the reward %(key)s, which is not in the catalogue.")
        % {"name": one.name, "key": one.reward}
        for one in promised
        if one.enabled and not one.conditions.over(today) and one.reward not in keys
    ]
    tiers = {tier.key for tier in programme.tiers}
    branches = set(Branch.objects.values_list("key", flat=True))
    offered = [reward for reward in rewards if reward.is_active]
    return missing + [text for one in offered for text in _nobodys(one, tiers, branches)]


def _nobodys(reward: Reward, tiers: set[str], branches: set[str]) -> list[str]:
    """The tiers and branches that it names and that do not exist."""
    named = {*reward.tiers, *reward.early_tiers} - tiers
    texts = [
        _("The reward %(reward)s is for the tier %(key)s, which does not exist.")
        % {"reward": reward.key, "key": key}
        for key in sorted(named)
    ]
    return texts + [
        _("The reward %(reward)s is of the branch %(key)s, which does not exist.")
        % {"reward": reward.key, "key": key}
        for key in sorted(set(reward.branches) - branches)
    ]
