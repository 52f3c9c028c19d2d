"""What the rules promise and the catalogue does not hold, and the other way about."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from loyalty.dates import local_date
from loyalty.programme.coupons import Coupon
from loyalty.programme.document import Programme
from loyalty.programme.stamps import StampCard
from loyalty.programme.taking import ALL
from loyalty.programme.versions import NoProgramme, in_force
from loyalty.shop.models import Branch
from loyalty.shop.queries import ShopMissing, get_shop
from rewards.models import Reward


def broken_promises(*, at: datetime) -> list[str]:
    """
    Sentences about stamp cards and coupons whose reward is not in the catalogue, and about rewards
    for tiers or branches that do not exist (any more), and `endless_coupons`. Four queries; none of
    it is refused, since rules and catalogue change one after the other.
    """
    try:
        programme, shop = in_force(at).programme, get_shop()
    except (NoProgramme, ShopMissing):
        return []
    today = local_date(at, shop.zone)
    rewards = list(Reward.objects.all())
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
    return [
        *missing,
        *(text for one in offered for text in _nobodys(one, tiers, branches)),
        *_endless(programme, {reward.key: reward for reward in rewards}),
    ]


def endless_coupons(programme: Programme) -> list[str]:
    """
    Sentences about coupons that bring the next one whenever they are used, and pay for all of the
    smallest bill that does so: bills for nothing, for ever. One query; none where none repeats.
    """
    keys = {coupon.reward for coupon in programme.coupons if coupon.repeat}
    return list(_endless(programme, Reward.objects.in_bulk(keys, field_name="key")))


def _endless(programme: Programme, rewards: Mapping[str, Reward]) -> Iterator[str]:
    for coupon in programme.coupons:
        reward = rewards.get(coupon.reward)
        if coupon.enabled and coupon.repeat and reward and _pays_for_all(coupon, reward):
            yield _(
                "Coupon %(key)s brings the next one whenever it is used, and pays for all of the"
                " smallest bill that takes it: bills for nothing, for ever."
            ) % {"key": coupon.key}


def _pays_for_all(coupon: Coupon, reward: Reward) -> bool:
    smallest_minor = max(coupon.conditions.min_order_minor, reward.minimum_minor)
    if reward.kind == Reward.Kind.DISCOUNT_PERCENT:
        return reward.percent == ALL and (
            reward.most_minor is None or reward.most_minor >= smallest_minor
        )
    return reward.kind != Reward.Kind.GIFT and reward.value_minor >= smallest_minor


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
