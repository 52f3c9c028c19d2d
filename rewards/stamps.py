"""
Stamps on cards: earned with a sale, given back with it; a full card is a voucher.

Everything here happens inside the caller's transaction, under the lock of the customer's account:
a card's entries follow on one another, and a trigger refuses a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from loyalty.dates import local_date
from loyalty.programme.stamps import StampCard, Stamped
from loyalty.shop.queries import get_shop
from rewards.issuing import issue
from rewards.models import Reward, StampEntry, Voucher

Kind = StampEntry.Kind


@dataclass(frozen=True)
class Event:
    """The sale or the refund that changes cards."""

    source: str
    reference: str
    at: datetime
    on: date  # The same moment's day in the shop.
    recorded_at: datetime


class Chain:
    """One customer's card, as its newest entry left it; `add` writes the next one."""

    def __init__(self, customer_id: int, card: str, event: Event) -> None:
        self.customer_id, self.card, self.event = customer_id, card, event
        entries = StampEntry.objects.filter(customer=customer_id, card=card)
        newest = entries.order_by("-number").first()
        self.number = newest.number if newest else 0
        self.stamps = newest.stamps_after if newest else 0
        self.began_on = newest.began_on if newest else None

    def add(
        self,
        kind: StampEntry.Kind,
        stamps: int,
        *,
        began_on: date | None = None,
        voucher: Voucher | None = None,
        returns: StampEntry | None = None,
    ) -> None:
        """The next entry; a card with stamps began on `began_on`, else when it did before."""
        self.number += 1
        self.stamps += stamps
        began_on = began_on or self.began_on or self.event.on
        self.began_on = began_on if self.stamps > 0 else None
        StampEntry.objects.create(
            customer_id=self.customer_id,
            card=self.card,
            number=self.number,
            kind=kind,
            stamps=stamps,
            stamps_after=self.stamps,
            began_on=self.began_on,
            source=self.event.source,
            reference=self.event.reference,
            voucher=voucher,
            returns=returns,
            occurred_at=self.event.at,
            recorded_at=self.event.recorded_at,
        )


def add(*, customer_id: int, stamped: Sequence[Stamped], event: Event) -> None:
    """
    Put what a sale gives on the customer's cards, and give the reward of each card it fills, at
    no points. A card that has lapsed by the day of the sale begins anew; one whose reward is not
    in the catalogue stays full until it is.

    Not safe to retry by itself: the caller has looked that the sale is new (the database refuses
    the same sale on the same card with IntegrityError).
    """
    for one in stamped:
        chain = Chain(customer_id, one.card.key, event)
        if chain.stamps > 0 and lapsed(one.card, chain.began_on, on=event.on):
            chain.add(Kind.LAPSED, -chain.stamps)
        chain.add(Kind.EARNED, one.stamps)
        reward = Reward.objects.select_related("terms").filter(key=one.card.reward).first()
        while reward is not None and chain.stamps >= one.card.needed:
            voucher = _give(reward, chain)
            chain.add(Kind.FULL, -one.card.needed, began_on=event.on, voucher=voucher)


def lapsed(card: StampCard, began_on: date | None, *, on: date) -> bool:
    """Whether a card that began on that day counts no more by the day `on`."""
    last_day = card.last_day(began_on) if began_on else None
    return last_day is not None and last_day < on


def _give(reward: Reward, chain: Chain) -> Voucher:
    """The voucher for a full card."""
    today = local_date(chain.event.recorded_at, get_shop().zone)
    return issue(
        customer_id=chain.customer_id,
        terms=reward.terms,
        at=chain.event.recorded_at,
        usable_from=reward.usable_from(today),
        expires_on=reward.last_day(today),
    )


def earned_by(*, source: str, reference: str) -> list[StampEntry]:
    """The stamps that this sale gave, one entry a card."""
    rows = StampEntry.objects.filter(kind=Kind.EARNED, source=source, reference=reference)
    return list(rows.order_by("pk"))


def take_back(*, customer_id: int, earned: StampEntry, left: int, event: Event) -> None:
    """
    Leave only `left` of the stamps that a sale gave. Where the card does not have them any more
    because it was full, its newest voucher that was not used is cancelled; when all were used,
    the next card starts below zero. Stamps that have lapsed are not taken again.
    """
    returned = StampEntry.objects.filter(returns=earned).values_list("stamps", flat=True)
    due = earned.stamps + sum(returned) - left
    lapsed = StampEntry.objects.filter(
        card=earned.card,
        kind=Kind.LAPSED,
        customer__in=[customer_id, earned.customer_id],
        pk__gt=earned.pk,
    )
    if due <= 0 or lapsed.exists():
        return
    chain = Chain(customer_id, earned.card, event)
    chain.add(Kind.RETURNED, -due, returns=earned)
    while chain.stamps < 0 and (voucher := _unused(chain)) is not None:
        _reopen(chain, voucher)


def _unused(chain: Chain) -> Voucher | None:
    """The newest voucher that this card gave and that nobody has used; its row is locked."""
    return (
        Voucher.objects.select_for_update(of=("self",))
        .filter(
            customer=chain.customer_id,
            state=Voucher.State.ISSUED,
            stamp_entries__kind=Kind.FULL,
            stamp_entries__card=chain.card,
        )
        .order_by("-pk")
        .first()
    )


def _reopen(chain: Chain, voucher: Voucher) -> None:
    full = StampEntry.objects.get(voucher=voucher, kind=Kind.FULL)
    before = StampEntry.objects.get(
        customer=full.customer_id, card=full.card, number=full.number - 1
    )
    voucher.state = Voucher.State.CANCELLED
    voucher.save(update_fields=["state"])
    chain.add(Kind.REOPENED, -full.stamps, began_on=before.began_on, voucher=voucher)
