"""Counting a reward's redemptions: those that a total limits, and what they took off the shelf."""

from django.utils.translation import gettext as _

from rewards.models import Redemption, Reward


def count(reward: Reward, *, filled: bool) -> str:
    """
    Bring `redeemed_total` in line with `most_total`, and where its shelf was `filled` keep what
    stands there; return why that cannot be, else nothing. The reward is new, or its row is locked
    for update, so that nobody redeems meanwhile.
    """
    if filled:
        reward.stocked = None if reward.stock is None else reward.stock + standing(reward)
    if reward.most_total is None:
        reward.redeemed_total = None
        return ""
    if reward.redeemed_total is None:
        reward.redeemed_total = standing(reward)
    return passed(reward, reward.redeemed_total)


def passed(reward: Reward, redeemed: int) -> str:
    """Why that many redemptions are too many for its total; empty: they are not."""
    if reward.most_total is None or redeemed <= reward.most_total:
        return ""
    return _("it was redeemed %(count)d times already") % {"count": redeemed}


def standing(reward: Reward) -> int:
    """How many redemptions of it stand."""
    return Redemption.objects.filter(reward_id=reward.pk, cancelling_entry=None).count()
