"""What the till had told of a sale that is kept: the bill before any rule was asked. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.discounts import discounts_by_priority
from loyalty.programme.document import Programme
from loyalty.programme.marks import marked
from loyalty.purchases.bill import Bill
from loyalty.purchases.kept_lines import line_as_paid
from loyalty.purchases.models import Purchase, PurchaseLine


def bill_of(
    purchase: Purchase, lines: list[PurchaseLine], *, programme: Programme, at: datetime
) -> Bill:
    """
    The bill of that sale, made under `programme`; `at` is its moment on the shop's clock. What is
    not kept is worked out: a line earned nothing because the till said so unless a mark of those
    rules did, and the codes that were named are those of the rules that gave something for one.
    """
    told = _unmarked(purchase, [line_as_paid(line) for line in lines], programme, at)
    bare = tuple(
        replace(
            line,
            discount_minor=kept.till_discount_minor,
            tax_minor=_tax_minor(kept),
            free_units=0,
        )
        for line, kept in zip(told, lines, strict=True)
    )
    return Bill(
        lines=bare,
        total_minor=None if bare else purchase.amount_minor + purchase.discount_minor,
        shipping_minor=purchase.shipping_minor,
        codes=frozenset(_codes(purchase, programme)),
        spend_points=purchase.spent_points,
        channel=purchase.channel,
    )


def needs_codes(programme: Programme) -> bool:
    """Whether any rule asks for a code."""
    return any(conditions.code for conditions in programme.conditions)


def _unmarked(
    purchase: Purchase, lines: list[Line], programme: Programme, at: datetime
) -> list[Line]:
    if not lines or not programme.marks:
        return lines
    open_lines = tuple(replace(line, earns=True, counts_for_tier=True) for line in lines)
    basket = marked(
        programme.marks, basket=Basket(open_lines, at), buyer=Buyer(purchase.tier_before)
    )
    return [
        replace(
            line,
            earns=line.earns or not mark.earns,
            counts_for_tier=line.counts_for_tier or not mark.counts_for_tier,
        )
        for line, mark in zip(lines, basket.lines, strict=True)
    ]


def _tax_minor(kept: PurchaseLine) -> int:
    """The tax before the programme's discount took its part of it along; to the nearest unit."""
    if not kept.net_minor:
        return 0
    before = kept.net_minor + kept.discount_minor
    return min(-(-kept.tax_minor * before // kept.net_minor), before)


def _codes(purchase: Purchase, programme: Programme) -> Iterator[str]:
    if not needs_codes(programme):
        return
    gave = {discount["key"] for discount in purchase.discounts if "key" in discount}
    if purchase.entry is not None:
        why: dict[str, Any] = purchase.entry.explanation
        rows = [*why.get("rules", ()), *why.get("multipliers", ())]
        gave |= {row["key"] for row in rows if "key" in row}
    asking = {rule.key: rule.conditions for rule in programme.earn}
    asking |= {rule.key: rule.conditions for rule in discounts_by_priority(programme)}
    yield from (asking[key].code for key in gave & asking.keys() if asking[key].code)
