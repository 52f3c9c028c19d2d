"""The stamp cards of two rows of one person: what is on them goes over, and comes back."""

from datetime import datetime

from loyalty.dates import local_date
from loyalty.programme.versions import in_force
from loyalty.shop.queries import get_shop
from rewards.models import StampEntry
from rewards.stamp_cards import cards_of
from rewards.stamps import Chain, Event

SOURCE = "merge"
Kind = StampEntry.Kind


def carry_stamps(*, kept_id: int, duplicate_id: int, reference: str, at: datetime) -> None:
    """
    Put the duplicate's stamps, or what they owe of them, on the kept one's cards. Stamps that
    have lapsed stay where they are. The caller holds the locks of both accounts.
    """
    event = _event(reference, at)
    cards = cards_of(duplicate_id, cards=in_force(at).programme.stamp_cards, on=event.on)
    lapsed = {state.card.key for state in cards if not (state.stamps or state.owed)}
    for key in _cards_of(duplicate_id):
        theirs, own = (Chain(pk, key, event) for pk in (duplicate_id, kept_id))
        if theirs.stamps == 0 or key in lapsed:
            continue
        begun = [day for day in (theirs.began_on, own.began_on) if day is not None]
        own.add(Kind.MOVED, theirs.stamps, began_on=max(begun, default=None))
        theirs.add(Kind.MOVED, -theirs.stamps)


def used_since(*, kept_id: int, reference: str) -> bool:
    """Whether a card that stamps went to was filled, or stamps were taken back from it, since."""
    return any(
        StampEntry.objects.filter(
            customer=kept_id,
            card=moved.card,
            number__gt=moved.number,
            kind__in=[Kind.FULL, Kind.RETURNED, Kind.REOPENED],
        ).exists()
        for moved in _moved_to(kept_id, reference)
    )


def carry_stamps_back(*, kept_id: int, duplicate_id: int, reference: str, at: datetime) -> None:
    """
    Put the duplicate's stamps back on their own cards; those that lapsed meanwhile are gone. The
    caller has found nothing `used_since`, and holds both locks.
    """
    event = _event(f"{reference}:undo", at)
    for moved in _moved_to(kept_id, reference):
        lapsed = StampEntry.objects.filter(
            customer=kept_id, card=moved.card, number__gt=moved.number, kind=Kind.LAPSED
        )
        if lapsed.exists():
            continue
        before = StampEntry.objects.filter(
            customer=kept_id, card=moved.card, number=moved.number - 1
        ).first()
        went = StampEntry.objects.filter(
            customer=duplicate_id, card=moved.card, source=SOURCE, reference=reference
        ).get()
        earlier = StampEntry.objects.get(
            customer=duplicate_id, card=moved.card, number=went.number - 1
        )
        own, theirs = (Chain(pk, moved.card, event) for pk in (kept_id, duplicate_id))
        own.add(Kind.MOVED, -moved.stamps, began_on=before.began_on if before else None)
        theirs.add(Kind.MOVED, moved.stamps, began_on=earlier.began_on)


def _moved_to(customer_id: int, reference: str) -> list[StampEntry]:
    rows = StampEntry.objects.filter(
        customer=customer_id, kind=Kind.MOVED, source=SOURCE, reference=reference
    )
    return list(rows.order_by("card"))


def _cards_of(customer_id: int) -> list[str]:
    rows = StampEntry.objects.filter(customer=customer_id)
    return sorted(set(rows.values_list("card", flat=True)))


def _event(reference: str, at: datetime) -> Event:
    return Event(SOURCE, reference, at, local_date(at, get_shop().zone), at)
