"""Rewards as a member sees them: now, nearly or later."""

from dataclasses import dataclass

from loyalty.programme.document import Programme
from loyalty.programme.estimates import money_for_points
from loyalty.programme.ladder import Tier
from rewards.models import Reward
from rewards.queries import Offer


@dataclass(frozen=True)
class Choice:
    reward: Reward
    points_had: int
    points_missing: int
    money_missing: int | None  # About how much to spend for them, minor units; None: unknown.

    @property
    def nearly(self) -> bool:
        """More than half the way."""
        return 0 < self.points_missing <= self.points_had

    @property
    def later(self) -> bool:
        return self.points_missing > self.points_had

    @property
    def now(self) -> bool:
        return not self.points_missing


def choices_of(
    offers: list[Offer], *, usable: int, programme: Programme, tier: Tier
) -> list[Choice]:
    """One choice an offer, in the catalogue's order. `usable` is what the member may spend."""
    return [
        Choice(
            reward=offer.reward,
            points_had=usable,
            points_missing=offer.missing_points,
            money_missing=money_for_points(programme, points=offer.missing_points, tier=tier),
        )
        for offer in offers
    ]


def nearest(choices: list[Choice], *, limit: int) -> list[Choice]:
    """The few worth showing first: the next one within reach, then the dearest one can have."""
    missing = sorted((c for c in choices if not c.now), key=lambda c: c.points_missing)
    affordable = sorted(
        (c for c in choices if c.now), key=lambda c: c.reward.cost_points, reverse=True
    )
    return [*missing[:1], *affordable, *missing[1:]][:limit]
