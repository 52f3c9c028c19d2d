"""A sale from before the rehearsed days, as much of it as was left when they began."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from loyalty.programme.document import Programme
from loyalty.purchases.kept_lines import sets_in
from loyalty.purchases.models import Purchase, PurchaseLine, Refund, RefundLine
from loyalty.purchases.returns import Piece, Sold


def as_sold(sale: Purchase, *, since: datetime, sold_by: Programme) -> Sold:
    """
    What was left of the sale, made under the rules `sold_by`, at that moment. No query when its
    lines and its refunds with theirs were prefetched.
    """
    lines = sorted(sale.lines.all(), key=lambda line: line.number)
    before = [refund for refund in sale.refunds.all() if refund.occurred_at < since]
    return Sold(
        pieces=tuple(_pieces(lines, sale, before)),
        points=sale.points,
        tier_points=sale.points if sale.tier_points is None else sale.tier_points,
        spent_points=sale.spent_points,
        spent_minor=sale.spent_minor,
        returned_points=sum(refund.returned_points for refund in before),
        in_points_minor=sum(refund.in_points_minor for refund in before),
        cancelled=any(refund.kind == Refund.Kind.VOID for refund in before),
        sets=sets_in(sale, lines, sold_by=sold_by),
    )


def _pieces(
    lines: Sequence[PurchaseLine], sale: Purchase, before: Sequence[Refund]
) -> Iterator[Piece]:
    backs: dict[int, list[RefundLine]] = {}
    for refund in before:
        for back in refund.lines.all():
            backs.setdefault(back.line_id, []).append(back)
    for line in lines:
        gone = backs.get(line.pk, [])
        yield Piece(
            number=line.number,
            net_minor=line.net_minor,
            points=line.points,
            counts_for_tier=line.counts_for_tier,
            quantity=line.quantity,
            back_minor=sum(back.amount_minor for back in gone),
            back_quantity=sum((back.quantity for back in gone), Decimal(0)),
        )
    if not lines:
        yield Piece(
            number=0,
            net_minor=sale.amount_minor,
            points=sale.points,
            counts_for_tier=not sale.uncounted_minor,
            back_minor=sum(refund.amount_minor for refund in before),
        )
