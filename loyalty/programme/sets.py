"""Goods that were cheaper together, and what of that holds once some of them go back. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from loyalty.programme.basket import Line
from loyalty.programme.discount_rules import DiscountRule
from loyalty.programme.discounts import discounts_by_priority, takes
from loyalty.programme.document import Programme


@dataclass(frozen=True)
class Sets:
    """What rules for sets ("buy two, get one") did to a bill."""

    rules: tuple[DiscountRule, ...]  # All that took something off, others too, in their order.
    lines: tuple[Line, ...]  # As the till told them.

    def taken(self, kept: Sequence[Decimal]) -> tuple[int, ...]:
        """What the rules for sets take off each line, had only so many of it been bought."""
        lines = tuple(map(_part, self.lines, kept))
        off = [0] * len(lines)
        for rule in self.rules:
            gone = takes(rule, lines)
            if rule.buy:
                off = [before + share for before, share in zip(off, gone.shares, strict=True)]
            lines = gone.off(lines)
        return tuple(off)

    def completed(self, kept: Sequence[Decimal]) -> Iterator[list[Decimal]]:
        """For each rule with a set that lacks units: as many of each line as would complete it."""
        for rule in self.rules:
            covered = [place for place, line in enumerate(self.lines) if rule.scope.covers(line)]
            units = sum(int(kept[place]) for place in covered)
            missing = -units % (rule.buy + rule.get) if rule.buy else 0
            more = list(kept)
            for place in sorted(covered, key=self._each):
                added = min(missing, int(self.lines[place].quantity - kept[place]))
                more[place] += added
                missing -= added
            if more != list(kept) and not missing:
                yield more

    def _each(self, place: int) -> Decimal:
        """What one unit of that line costs by itself."""
        return self.lines[place].net_minor / self.lines[place].quantity


def sets_of(
    programme: Programme, *, tier_key: str, keys: Collection[str], lines: Sequence[Line]
) -> Sets | None:
    """
    The sets of a bill of these lines on which the discounts of these keys counted, for a customer
    of that tier; None where none of them is for sets.
    """
    counted = [
        rule
        for rule in discounts_by_priority(programme)
        if rule.key in keys and (not rule.conditions.tiers or tier_key in rule.conditions.tiers)
    ]
    if not any(rule.buy for rule in counted):
        return None
    # As they are asked: the one that does not stack, then those that do.
    return Sets(tuple(sorted(counted, key=lambda rule: rule.stackable)), tuple(lines))


def _part(line: Line, kept: Decimal) -> Line:
    discount_minor = int(line.discount_minor * kept / line.quantity)
    return replace(line, quantity=kept, discount_minor=discount_minor, tax_minor=0)
