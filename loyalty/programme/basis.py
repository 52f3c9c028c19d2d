"""[basis]: what of a bill earns points. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from loyalty.programme.basket import Basket, Line
from loyalty.programme.spreading import half_up, spread
from loyalty.toml import Reader

_KEYS = {"discounts", "tax", "shipping", "paid_with_points"}


class Discounts(StrEnum):
    NET = "net"  # What is paid.
    GROSS = "gross"  # What it would have cost without any discount.


class Counts(StrEnum):
    WITH = "with"
    WITHOUT = "without"


class Leaves(StrEnum):
    """The same words where the other one goes without saying."""

    WITHOUT = "without"
    WITH = "with"


@dataclass(frozen=True)
class Basis:
    gross: bool = False
    tax: bool = True
    shipping: bool = False
    paid_with_points: bool = False  # Whether the part paid with points earns too.


def read(reader: Reader, root: dict[str, Any]) -> Basis:
    """What [basis] says; without it, what is paid for the goods in money, tax included."""
    place = "basis"
    row = reader.table(place, root.get(place, {}), _KEYS)
    return Basis(
        gross=reader.choice(place, row, "discounts", Discounts) is Discounts.GROSS,
        tax=reader.choice(place, row, "tax", Counts) is Counts.WITH,
        shipping=reader.choice(place, row, "shipping", Leaves) is Leaves.WITH,
        paid_with_points=reader.choice(place, row, "paid_with_points", Leaves) is Leaves.WITH,
    )


def line_bases(basis: Basis, basket: Basket, *, paid_with_points_minor: int) -> list[int]:
    """
    What of each line earns, in minor units, whether or not a rule then gives points for it.
    Points that pay are shared out over the lines they may pay for. Raises ValueError when they
    are worth more than those lines.
    """
    paid = shares_paid(basket, paid_with_points_minor)
    if basis.paid_with_points:
        paid = [0] * len(paid)
    return [
        _of_line(basis, line, in_points) for line, in_points in zip(basket.lines, paid, strict=True)
    ]


def shares_paid(basket: Basket, paid_with_points_minor: int) -> list[int]:
    """How much of each line is paid with points."""
    payable = payable_minor(basket.lines)
    if not 0 <= paid_with_points_minor <= sum(payable):
        raise ValueError(f"points cannot pay {paid_with_points_minor} of {sum(payable)}")
    return spread(paid_with_points_minor, payable)


def payable_minor(lines: Sequence[Line]) -> list[int]:
    """What of each line points may pay for."""
    return [line.net_minor if line.pay_with_points else 0 for line in lines]


def _of_line(basis: Basis, line: Line, in_points: int) -> int:
    """Its price, of which the part that is tax, and the part paid with points, earn nothing."""
    net = line.net_minor
    counted = line.full_minor if basis.gross else net
    if basis.tax and not in_points:
        return counted
    exact = Fraction(counted)
    if net:
        exact *= Fraction(net - in_points, net)
        exact *= Fraction(net if basis.tax else net - line.tax_minor, net)
    return half_up(exact)
