"""Rows of a file that may be about one person: suggestions to look at, by line. Nobody is merged."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from customers.doubles import doubles_of


class Double(NamedTuple):
    line: int  # The first row about the one…
    other_line: int | None  # …and about the other, who else was a customer before.
    card: str  # Of that customer.
    customer_ids: tuple[int, int]  # The one of `line` first.


def doubles_in(lines: Mapping[int, int]) -> Iterator[Double]:
    """Those among these customers, each with the first row about them, and between them and others."""
    for pair in doubles_of(list(lines)):
        one, other = sorted(pair, key=lambda customer: lines.get(customer.pk, float("inf")))
        card = "" if other.pk in lines else other.card_number
        yield Double(lines[one.pk], lines.get(other.pk), card, (one.pk, other.pk))
