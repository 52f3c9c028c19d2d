"""A rehearsed sale as returns need it, and what comes back of it. Pure."""

from collections.abc import Iterator

from loyalty.programme.sets import Sets, sets_of
from loyalty.purchases.returns import Back, Piece, Sold, all_left, by_amount, by_lines
from loyalty.purchases.sale import Effect
from loyalty.reports.rehearsal.deeds import Bought, Returned


def sold_of(deed: Bought, effect: Effect) -> Sold:
    """The sale as it would be kept, of which nothing has come back."""
    return Sold(
        pieces=tuple(_pieces(deed, effect)),
        points=effect.points,
        tier_points=effect.earning.tier_points,
        spent_points=effect.payment.points,
        spent_minor=effect.payment.worth_minor,
        sets=_sets(deed, effect),
    )


def _sets(deed: Bought, effect: Effect) -> Sets | None:
    keys = {off.key for line in effect.priced.discounts for off in line if not off.voucher}
    return sets_of(
        effect.rules.programme, tier_key=effect.tier_before, keys=keys, lines=deed.bill.lines
    )


def _pieces(deed: Bought, effect: Effect) -> Iterator[Piece]:
    lines = effect.priced.basket.lines
    if not deed.bill.lines:
        counts = effect.priced.tier_minor == effect.amount_minor
        yield Piece(0, effect.amount_minor, effect.points, counts_for_tier=counts)
        return
    shares = effect.earning.line_points if effect.credit else (0,) * len(lines)
    for number, (line, points) in enumerate(zip(lines, shares, strict=True), 1):
        yield Piece(number, line.net_minor, points, line.counts_for_tier, line.quantity)


def backs_of(sold: Sold, deed: Returned) -> tuple[Back, ...] | None:
    """What comes back of the sale as it would have been; None: nothing is left of it."""
    if sold.is_over:
        return None
    if deed.lines:
        return by_lines(sold, deed.lines)
    if deed.amount_minor is None:
        return all_left(sold)
    return by_amount(sold, min(deed.amount_minor, sold.left_minor))
