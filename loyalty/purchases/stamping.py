"""Stamps that a refund takes back: what is left of the sale keeps its own."""

from collections.abc import Iterator
from fractions import Fraction

from loyalty.programme.basket import Line
from loyalty.programme.document import Programme
from loyalty.purchases.kept_lines import line_as_paid
from loyalty.purchases.models import Purchase, Refund
from rewards import stamps
from rewards.stamps import Event


def take_back(refund: Refund, *, customer_id: int, sold_by: Programme) -> None:
    """
    Take the stamps back that `refund` undoes, by the rules `sold_by` that the sale was made
    under. The caller holds the lock of the customer's account and has kept the refund.
    """
    purchase = refund.purchase
    earned = stamps.earned_by(source=purchase.source, reference=purchase.reference)
    if not earned:
        return
    units = list(units_left(purchase))
    cards = {card.key: card for card in sold_by.stamp_cards}
    event = Event(
        source=refund.source,
        reference=f"refund:{refund.reference}",
        at=refund.occurred_at,
        on=refund.occurred_on,
        recorded_at=refund.recorded_at,
    )
    for entry in earned:
        card = cards.get(entry.card)
        left = card.stamps(units) if card else 0
        stamps.take_back(customer_id=customer_id, earned=entry, left=left, event=event)


def units_left(purchase: Purchase) -> Iterator[tuple[Line, Fraction]]:
    """
    The lines as they were paid, with how many of each are left: by the money that was given back
    for them, so that an amount and the goods themselves come to the same.
    """
    lines = list(purchase.lines.order_by("number"))
    for kept in lines:
        line = line_as_paid(kept)
        if kept.net_minor:
            part = Fraction(kept.net_minor - kept.refunded_minor, kept.net_minor)
            yield line, line.bought * part
    if not lines and purchase.amount_minor:
        left_minor = purchase.amount_minor - purchase.refunded_minor
        yield Line(purchase.amount_minor), Fraction(left_minor, purchase.amount_minor)
