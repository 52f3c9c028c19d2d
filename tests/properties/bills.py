"""
What a bill of goods costs and earns in the shop of `shops.GOODS`, worked out row by row as on paper.
Whole numbers only; no product code.
"""

from collections.abc import Sequence
from dataclasses import dataclass

DRINK, CAKE, PROMOTED = "do-uong", "banh", "khuyen-mai"

# Drinks are ten percent cheaper, at most this much a bill; then silver and above pay five percent
# less for everything. What is promoted earns nothing and is not paid with points.
MOST_OFF_DRINKS = 30_000
POINT_WORTH = 2_000
POINT_STEP = 5
FEWEST_POINTS = 10
POINTS_KEPT = 5
MOST_POINTS_A_YEAR = 200  # Before the tier multiplies them.


@dataclass(frozen=True)
class Row:
    kind: str
    price: int
    count: int = 1
    off: int = 0  # Taken off by the till.


@dataclass(frozen=True)
class Bill:
    rows: tuple[Row, ...]
    points: int = 0  # That the customer wants to pay with.

    def with_one_more(self) -> "Bill":
        """Another bill, though nearly the same."""
        return Bill((*self.rows, Row(CAKE, 1_000)), self.points)


class NotPayable(Exception):
    """So many points cannot pay for this bill."""


def parts(total: int, weights: Sequence[int]) -> list[int]:
    """Rounded down, and what is left one by one to those that lost most; the first of equals."""
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    shares = [total * weight // whole for weight in weights]
    lost = [(-(total * weight % whole), place) for place, weight in enumerate(weights)]
    for _lost, place in sorted(lost)[: total - sum(shares)]:
        shares[place] += 1
    return shares


def half_up(amount: int, percent: int) -> int:
    return (amount * percent + 50) // 100


def costs(bill: Bill, tier: int) -> list[int]:
    """What is paid for each row."""
    nets = [row.price * row.count - row.off for row in bill.rows]
    drinks = [net if row.kind == DRINK else 0 for row, net in zip(bill.rows, nets, strict=True)]
    if any(drinks):
        off = min(half_up(sum(drinks), 10), MOST_OFF_DRINKS)
        nets = [net - less for net, less in zip(nets, parts(off, drinks), strict=True)]
    if tier >= 1 and any(nets):
        off = half_up(sum(nets), 5)
        nets = [net - less for net, less in zip(nets, parts(off, nets), strict=True)]
    return nets


def payable(bill: Bill, nets: Sequence[int]) -> list[int]:
    return [0 if row.kind == PROMOTED else net for row, net in zip(bill.rows, nets, strict=True)]


def paid_by(bill: Bill, nets: Sequence[int], usable: int) -> int:
    """What the points pay. Raises NotPayable."""
    if not bill.points:
        return 0
    most = [usable, usable - POINTS_KEPT, sum(nets) // 2 // POINT_WORTH]
    most.append(sum(payable(bill, nets)) // POINT_WORTH)
    if bill.points % POINT_STEP or not FEWEST_POINTS <= bill.points <= min(most):
        raise NotPayable
    return bill.points * POINT_WORTH


def earned(
    bill: Bill, nets: Sequence[int], paid: int, *, per: int, room: int, hundredths: int
) -> tuple[int, int, list[int]]:
    """The points, those before the tier (which count for the year), and the points by row."""
    open_rows = payable(bill, nets)
    bases = [net - less for net, less in zip(open_rows, parts(paid, open_rows), strict=True)]
    given = min(sum(bases) // per, room)
    points = given * hundredths // 100
    return points, given, parts(points, bases)
