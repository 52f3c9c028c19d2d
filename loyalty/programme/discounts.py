"""What a basket costs once the programme's discounts are in its lines. Pure and exact."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.discount_rules import DiscountRule
from loyalty.programme.document import Programme
from loyalty.programme.marks import marked
from loyalty.programme.taking import Taken, gift_off, percent_off
from loyalty.programme.tickets import Ticket, take


@dataclass(frozen=True)
class Discount:
    """What one rule, or one voucher, takes off one line."""

    key: str  # The rule's, or the reward's.
    name: str
    name_en: str
    minor: int  # Above zero.
    voucher: int = 0  # Which of the bill's vouchers took it off, counted from 1; 0: a rule did.

    def label(self, language: str) -> str:
        """The rule's name for a reader of that language."""
        return self.name_en if language == "en" and self.name_en else self.name


@dataclass(frozen=True)
class Priced:
    basket: Basket  # The discounts and what the marks say are in its lines.
    discounts: tuple[tuple[Discount, ...], ...]  # For each line of the basket, in order.
    free_shipping: bool
    used: frozenset[str] = frozenset()  # "key:occasion" of what can be had once, to be kept.

    @property
    def discount_minor(self) -> int:
        """What the programme and the vouchers take off the whole bill."""
        return sum(discount.minor for line in self.discounts for discount in line)

    def voucher_minor(self, place: int) -> int:
        """What the voucher at that place, counted from 0, takes off the whole bill."""
        taken = (one for line in self.discounts for one in line if one.voucher == place + 1)
        return sum(one.minor for one in taken)

    @property
    def tier_minor(self) -> int:
        """What of the bill counts for the customer's tier."""
        return sum(line.net_minor for line in self.basket.lines if line.counts_for_tier)


def price(
    programme: Programme, *, basket: Basket, buyer: Buyer, tickets: Sequence[Ticket] = ()
) -> Priced:
    """
    The basket with the programme's discounts for that buyer, after those of the till, and then
    what each voucher takes off what is left, in their order. Of the rules that do not stack, the
    one that takes most money off the whole bill counts (among equals the one asked first); the
    stackable ones then follow, each on what is left. A line is never reduced below zero, and the
    shares of a rule sum to what it gives exactly.

    Price a basket once: a basket that was priced already would be reduced again. Raises
    TicketRefused for a voucher that this bill cannot have.
    """
    holding = discounts_that_hold(programme, basket=basket, buyer=buyer)
    total_minor, lines = basket.total_minor, basket.lines
    taken: list[list[Discount]] = [[] for _line in lines]
    used: set[str] = set()
    for rule in _chosen(holding, lines):
        gone = takes(rule, lines)
        if gone.minor:
            used |= _occasion(rule, basket, buyer)
        lines = _note(Discount(rule.key, rule.name, rule.name_en, 0), gone, lines, taken)
    for ticket in tickets:
        gone = take(ticket, lines, order_minor=total_minor, is_total=basket.is_total)
        named = Discount(ticket.key, ticket.name, ticket.name_en, 0, ticket.place + 1)
        lines = _note(named, gone, lines, taken)
    free = bool(buyer.tier_key) and programme.tier(buyer.tier_key).free_shipping
    priced = replace(
        basket,
        lines=lines,
        shipping_minor=0 if free else basket.shipping_minor,
        undiscounted_minor=total_minor,
    )
    return Priced(
        basket=marked(programme.marks, basket=priced, buyer=buyer),
        discounts=tuple(map(tuple, taken)),
        free_shipping=free,
        used=frozenset(used),
    )


def _note(
    named: Discount, gone: Taken, lines: tuple[Line, ...], taken: list[list[Discount]]
) -> tuple[Line, ...]:
    """Keep beside each line what is taken off it; return the lines with so much less to pay."""
    for place, minor in enumerate(gone.shares):
        if minor:
            taken[place].append(replace(named, minor=minor))
    return gone.off(lines)


def discounts_that_hold(
    programme: Programme, *, basket: Basket, buyer: Buyer
) -> list[DiscountRule]:
    """The rules that may count for `basket`, in the order they are asked."""
    holding = []
    for rule in discounts_by_priority(programme):
        if not rule.enabled or not rule.conditions.hold(basket, buyer):
            continue
        if not takes(rule, basket.lines).minor or _occasion(rule, basket, buyer) & buyer.used:
            continue
        holding.append(rule)
        if rule.stop:
            break
    return holding


def discounts_by_priority(programme: Programme) -> list[DiscountRule]:
    """All discounts, the shop's and then the tiers'; the highest priority first."""
    of_tiers = [rule for tier in programme.tiers for rule in tier.discounts]
    return sorted([*programme.discounts, *of_tiers], key=lambda rule: -rule.priority)


def _chosen(holding: list[DiscountRule], lines: Sequence[Line]) -> list[DiscountRule]:
    alone = [rule for rule in holding if not rule.stackable]
    best = max(alone, key=lambda rule: takes(rule, lines).minor, default=None)
    return [*([best] if best else []), *(rule for rule in holding if rule.stackable)]


def takes(rule: DiscountRule, lines: Sequence[Line]) -> Taken:
    """What the rule takes off lines that cost so much by now, whatever its conditions."""
    if not rule.buy:
        return percent_off(lines, rule.scope, rule.percent, rule.cap_minor)
    return gift_off(
        lines,
        rule.scope,
        buy=rule.buy,
        get=rule.get,
        percent=rule.percent,
        most_minor=rule.cap_minor,
        most_sets=None if rule.repeat else 1,
    )


def _occasion(rule: DiscountRule, basket: Basket, buyer: Buyer) -> frozenset[str]:
    """What using the rule now uses up: what is for a birthday can be had once each."""
    occasion = rule.conditions.occasion(basket, buyer)
    return frozenset({f"{rule.key}:{occasion.year}"} if occasion else ())
