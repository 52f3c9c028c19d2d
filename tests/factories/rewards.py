"""Rewards of the catalogue."""

import factory
from factory.django import DjangoModelFactory

from rewards.models import Reward


class RewardFactory(DjangoModelFactory):
    class Meta:
        model = Reward

    key = factory.Sequence(lambda n: f"reward-{n}")
    name = factory.Sequence(lambda n: f"Trà sen vàng {n}")
    name_en = factory.Sequence(lambda n: f"Golden lotus tea {n}")
    cost_points = 100
    stock = None
    stocked = factory.SelfAttribute("stock")  # As if nobody had redeemed it by then.
    position = factory.Sequence(lambda n: n)
