"""What customers have on their stamp cards, and what a sale did to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from loyalty.programme.coupons import Coupon
from loyalty.programme.stamps import StampCard
from rewards.models import Reward, StampEntry
from rewards.stamps import lapsed

MOST_SHOWN = 20


@dataclass(frozen=True)
class CardState:
    """What one customer has on one card."""

    card: StampCard
    reward: Reward | None  # None: not in the catalogue yet.
    stamps: int  # Whole, 0 or more; at most as many as are needed.
    owed: int  # That the next stamps make up for, after a return.
    last_day: date | None  # Through when they count; None: for ever, or there are none.

    @property
    def missing(self) -> int:
        return self.card.needed - self.stamps + self.owed

    @property
    def places(self) -> list[bool]:
        """One for each stamp the card needs: whether it is there."""
        return [place < self.stamps for place in range(self.card.needed)]

    @property
    def fits(self) -> bool:
        """Whether all places can be shown one by one."""
        return self.card.needed <= MOST_SHOWN


def cards_of(customer_id: int, *, cards: Iterable[StampCard], on: date) -> list[CardState]:
    """The customer's cards on that day, those without a stamp too. Two queries; none for no card."""
    offered = [card for card in cards if card.enabled and not card.conditions.over(on)]
    if not offered:
        return []
    entries = StampEntry.objects.filter(customer=customer_id).order_by("card", "-number")
    newest = {entry.card: entry for entry in entries.distinct("card")}
    rewards = rewards_of(offered)
    return [_state(card, rewards.get(card.reward), newest.get(card.key), on=on) for card in offered]


def rewards_of(rules: Iterable[StampCard | Coupon]) -> dict[str, Reward]:
    """What these cards or coupons give, by key; those in the catalogue. One query."""
    return Reward.objects.in_bulk({rule.reward for rule in rules}, field_name="key")


def _state(
    card: StampCard, reward: Reward | None, newest: StampEntry | None, *, on: date
) -> CardState:
    if newest is None or (newest.stamps_after > 0 and lapsed(card, newest.began_on, on=on)):
        return CardState(card, reward, 0, 0, None)
    return CardState(
        card=card,
        reward=reward,
        stamps=min(max(newest.stamps_after, 0), card.needed),
        owed=max(-newest.stamps_after, 0),
        last_day=card.last_day(newest.began_on) if newest.began_on else None,
    )


@dataclass(frozen=True)
class SaleStamps:
    """What one sale did to one card; the same however much later one looks."""

    card: StampCard
    given: int
    stamps_after: int
    vouchers: int  # That it filled.


def stamps_of_sale(*, source: str, reference: str, cards: Iterable[StampCard]) -> list[SaleStamps]:
    """What this sale did to each of the cards that it stamped. One query; none for no card."""
    known = {card.key: card for card in cards}
    if not known:
        return []
    entries = StampEntry.objects.filter(source=source, reference=reference, card__in=known)
    by_card: dict[str, list[StampEntry]] = {}
    for entry in entries.order_by("card", "number"):
        by_card.setdefault(entry.card, []).append(entry)
    return [
        SaleStamps(
            card=known[key],
            given=sum(entry.stamps for entry in entries if entry.kind == StampEntry.Kind.EARNED),
            stamps_after=entries[-1].stamps_after,
            vouchers=sum(entry.kind == StampEntry.Kind.FULL for entry in entries),
        )
        for key, entries in by_card.items()
    ]
