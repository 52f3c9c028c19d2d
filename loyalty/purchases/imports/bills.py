"""The bill of a receipt in a file: its lines, with what was taken off all of them shared out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from loyalty.programme.basket import Line
from loyalty.programme.spreading import spread
from loyalty.purchases.bill import Bill

UNTOLD: Mapping[str, Any] = {"earns": False}  # A sum that earns nothing.
Told = Sequence[Mapping[str, Any]]  # Each line as `line_of` and its texts say it.


def bill_of(told: Told, *, amount_minor: int, fees_minor: int) -> Bill:
    """
    The bill for which `amount_minor` was paid; with no lines told, of the sum alone. Fees are
    what was paid for no goods; some rules give points for these too, so where the lines earn none
    they are left out.

    >>> half_off = [{"unit_price_minor": 60, "quantity": "1", "discount_minor": 0}] * 2
    >>> [line.net_minor for line in bill_of(half_off, amount_minor=101, fees_minor=0).lines]
    [50, 51]
    """
    if not told or UNTOLD in told:
        return Bill(total_minor=amount_minor, earns=not told)
    lines = [Line(**{**line, "quantity": Decimal(line["quantity"])}) for line in told]
    off = spread(
        sum(line.net_minor for line in lines) - amount_minor, [line.net_minor for line in lines]
    )
    return Bill(
        lines=tuple(
            replace(line, discount_minor=line.discount_minor + share)
            for line, share in zip(lines, off, strict=True)
        ),
        shipping_minor=fees_minor if all(line.earns for line in lines) else 0,
    )
