"""Rewards as a member sees them: now, nearly, later, or shut."""

from collections.abc import Iterable
from dataclasses import dataclass

from loyalty.programme.estimates import money_for_points
from loyalty.web.portal.standing import MemberStanding
from loyalty.web.shared.catalogue import branches_of, notes_of, shut_text
from rewards.models import Reward
from rewards.offers import Offer


@dataclass(frozen=True)
class Choice:
    reward: Reward
    points_had: int
    points_missing: int
    money_missing: int | None  # About how much to spend for them, minor units; None: unknown.
    shut: str  # What else keeps the member from it; empty: nothing.
    gone: bool  # Nobody can have it for now.
    notes: list[str]  # What to know before redeeming it.

    @property
    def nearly(self) -> bool:
        """More than half the way."""
        return not self.shut and 0 < self.points_missing <= self.points_had

    @property
    def later(self) -> bool:
        return not self.shut and self.points_missing > self.points_had

    @property
    def now(self) -> bool:
        return not self.shut and not self.points_missing


def choices_of(offers: Iterable[Offer], standing: MemberStanding) -> list[Choice]:
    """One choice an offer, in the catalogue's order. A query where one is of some branches."""
    offers = list(offers)
    branches = branches_of(offer.reward for offer in offers)
    programme, tier = standing.programme, standing.progress.tier
    return [
        Choice(
            reward=offer.reward,
            points_had=standing.points.usable,
            points_missing=offer.missing_points,
            money_missing=money_for_points(programme, points=offer.missing_points, tier=tier),
            shut=shut_text(offer, programme),
            gone=offer.gone,
            notes=notes_of(offer.reward, branches=branches, today=standing.today),
        )
        for offer in offers
    ]


def nearest(choices: list[Choice], *, limit: int) -> list[Choice]:
    """The few worth showing first: the next one within reach, then the dearest one can have."""
    open_ones = [choice for choice in choices if not choice.shut]
    missing = sorted((c for c in open_ones if not c.now), key=lambda c: c.points_missing)
    affordable = sorted(
        (c for c in open_ones if c.now), key=lambda c: c.reward.cost_points, reverse=True
    )
    return [*missing[:1], *affordable, *missing[1:]][:limit]
