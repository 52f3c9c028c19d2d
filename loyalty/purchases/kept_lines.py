"""The lines of a kept sale, as rules can ask them again. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from loyalty.programme.basket import Line
from loyalty.programme.document import Programme
from loyalty.programme.sets import Sets, sets_of
from loyalty.purchases.models import Purchase, PurchaseLine


def line_as_paid(kept: PurchaseLine) -> Line:
    """The line with all that was taken off it."""
    return Line(
        unit_price_minor=kept.unit_price_minor,
        quantity=kept.quantity,
        discount_minor=kept.till_discount_minor + kept.discount_minor,
        tax_minor=kept.tax_minor,
        sku=kept.sku,
        name=kept.name,
        category=kept.category,
        labels=frozenset(kept.labels),
        premium=kept.premium,
        earns=kept.earns,
        counts_for_tier=kept.counts_for_tier,
        free_units=kept.free_units,
    )


def sets_in(
    purchase: Purchase, lines: Sequence[PurchaseLine], *, sold_by: Programme
) -> Sets | None:
    """What rules for sets did to the sale of these lines, made under the rules `sold_by`."""
    keys = {off["key"] for off in purchase.discounts if not off.get("voucher")}
    if not keys or not lines:
        return None
    told = [
        replace(line_as_paid(kept), discount_minor=kept.till_discount_minor, free_units=0)
        for kept in lines
    ]
    return sets_of(sold_by, tier_key=purchase.tier_before, keys=keys, lines=told)
