"""Rows of a file that may be about one person, for an owner to look at."""

from dataclasses import dataclass

from customers.identity import show_card_number
from customers.models import Customer
from loyalty.purchases.models import Upload


@dataclass(frozen=True)
class Side:
    """One of two who may be one person."""

    line: int | None
    card: str
    customer: Customer | None  # None: nobody was enrolled yet.


def doubles_of(upload: Upload) -> list[tuple[Side, Side]]:
    """The pairs that the file brought, with whom of them is a customer by now. One query."""
    ids = {pk for *_rest, pair in upload.doubles for pk in pair}
    known = Customer.objects.in_bulk(ids) if ids else {}
    return [
        (Side(line, "", known.get(one)), Side(other_line, show_card_number(card), known.get(other)))
        for line, other_line, card, (one, other) in upload.doubles
    ]
