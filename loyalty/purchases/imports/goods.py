"""Which lines of a sale the goods of a return are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from loyalty.purchases.models import Purchase, PurchaseLine
from loyalty.purchases.returns import Piece

Goods = Sequence[Mapping[str, Any]]  # As `line_of` and its texts say them.


def lines_of_goods(
    purchase: Purchase, goods: Goods, *, amount_minor: int
) -> tuple[tuple[int, Decimal], ...]:
    """
    The numbers of the lines that come back and how many of each, by article or else by name.
    Nothing where the sale did not come from a file, has no such goods left, or where they come to
    another sum than was given back: then what was given back is all that is known.
    """
    if purchase.batch_id is None or not goods:
        return ()
    lines = list(purchase.lines.order_by("number"))
    asked: dict[int, Decimal] = defaultdict(Decimal)
    for good in goods:
        if not _find(good, lines, asked):
            return ()
    pieces = {line.number: _piece(line) for line in lines}
    worth = sum(pieces[number].minor_for(count) for number, count in asked.items())
    return tuple(sorted(asked.items())) if worth == amount_minor else ()


def _find(
    good: Mapping[str, Any], lines: Sequence[PurchaseLine], asked: dict[int, Decimal]
) -> bool:
    """Ask for so many of it, of one line after another; whether there were enough."""
    name, wanted = good.get("sku") or good.get("name"), Decimal(good.get("quantity", 0))
    if not name or not wanted:
        return False
    for line in lines:
        left = line.quantity - line.refunded_quantity - asked.get(line.number, Decimal())
        if name == (line.sku or line.name) and left > 0 and wanted > 0:
            asked[line.number] += min(left, wanted)
            wanted -= min(left, wanted)
    return wanted == 0


def _piece(line: PurchaseLine) -> Piece:
    return Piece(
        line.number,
        line.net_minor,
        line.points,
        quantity=line.quantity,
        back_minor=line.refunded_minor,
        back_quantity=line.refunded_quantity,
    )
