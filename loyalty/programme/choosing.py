"""Which earning rules count for which goods of a bill. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from loyalty.programme.basis import line_bases
from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.caps import Cap
from loyalty.programme.document import Programme
from loyalty.programme.earn_rules import EarnRule
from loyalty.programme.ladder import Tier
from loyalty.programme.scope import Scope


@dataclass(frozen=True)
class Item:
    """Something on a bill that may earn: a line, or the shipping."""

    number: int  # Of the line, from 1; 0: the shipping.
    line: Line | None
    amount_minor: int  # What of it earns, by the basis.

    @property
    def units(self) -> Fraction:
        """How many of it were bought; what is given for nothing is not bought."""
        return self.line.bought if self.line and self.amount_minor else Fraction()

    def is_in(self, scope: Scope) -> bool:
        """Whether a rule with that scope is about it; shipping is in no list of goods."""
        return scope.everything or (self.line is not None and scope.covers(self.line))


@dataclass(frozen=True)
class Counting:
    """A rule that counts, and the items it counts for."""

    rule: EarnRule
    items: tuple[Item, ...]

    @property
    def amount_minor(self) -> int:
        return sum(item.amount_minor for item in self.items)

    @property
    def units(self) -> Fraction:
        return sum((item.units for item in self.items), Fraction())

    def within(self, items: Sequence[Item]) -> "Counting":
        """The same rule for those of its items that are among `items`."""
        numbers = {item.number for item in items}
        return Counting(self.rule, tuple(item for item in self.items if item.number in numbers))


@dataclass(frozen=True)
class Part:
    """What one rule gives, before all that multiplies the whole bill."""

    counting: Counting
    wanted: Fraction  # Without its cap.
    gives: Fraction


def items_of(
    programme: Programme, basket: Basket, *, paid_with_points_minor: int
) -> tuple[Item, ...]:
    """What earns on that bill, in order, the shipping last."""
    bases = line_bases(programme.basis, basket, paid_with_points_minor=paid_with_points_minor)
    items = [
        Item(number, line, base)
        for number, (line, base) in enumerate(zip(basket.lines, bases, strict=True), 1)
        if line.earns
    ]
    if programme.basis.shipping and basket.shipping_minor:
        items.append(Item(0, None, basket.shipping_minor))
    return tuple(items)


def counting(
    programme: Programme, items: Sequence[Item], *, basket: Basket, buyer: Buyer
) -> list[Counting]:
    """The rules that count for the items of `basket`, in the order they are asked."""
    return _choose(
        (
            rule
            for rule in by_priority(programme)
            if rule.enabled and rule.conditions.hold(basket, buyer) and room(rule, buyer) != 0
        ),
        items,
    )


def everyday_rules(programme: Programme, *, tier: Tier) -> list[EarnRule]:
    """The rules that count for every bill of `tier`, whatever, whenever and wherever is bought."""
    always = (
        rule
        for rule in by_priority(programme)
        if rule.enabled
        and rule.everyday
        and (not rule.conditions.tiers or tier.key in rule.conditions.tiers)
    )
    return [chosen.rule for chosen in _choose(always, [Item(1, Line(1), 1)])]


def by_priority(programme: Programme) -> list[EarnRule]:
    """All rules, the highest priority first, among equals in the document's order."""
    return sorted(programme.earn, key=lambda rule: -rule.priority)


def room(rule: EarnRule, buyer: Buyer) -> int | None:
    """How many points the rule may still give that buyer; None: any number."""
    cap: Cap | None = rule.cap
    if cap is None:
        return None
    return max(cap.points - (buyer.given.get(rule.key, 0) if cap.kept else 0), 0)


def _choose(holding: Iterable[EarnRule], items: Sequence[Item]) -> list[Counting]:
    """Item by item: a rule that does not stack, or that stops, keeps later ones from its items."""
    chosen: list[Counting] = []
    for rule in holding:
        open_to = tuple(
            item
            for item in items
            if item.is_in(rule.scope) and not any(_keeps_out(other, rule, item) for other in chosen)
        )
        if open_to:
            chosen.append(Counting(rule, open_to))
    return chosen


def _keeps_out(earlier: Counting, rule: EarnRule, item: Item) -> bool:
    if item not in earlier.items:
        return False
    alike = earlier.rule.multiplies is rule.multiplies
    return earlier.rule.stop or (alike and not (earlier.rule.stackable and rule.stackable))
