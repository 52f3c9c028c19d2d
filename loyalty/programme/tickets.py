"""What a voucher takes off the bill it comes with. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.money import format_money
from loyalty.programme.basket import Line
from loyalty.programme.scope import Scope
from loyalty.programme.taking import Taken, amount_off, cheapest_free, percent_off


class TicketRefused(DomainError):
    """A voucher cannot be used; the text says why. `place`: which of a bill, counted from 0."""

    def __init__(self, text: str, place: int | None = None) -> None:
        super().__init__(text)
        self.place = place

    @property
    def field(self) -> str:
        """Its name in a bill; empty for a voucher that came with none."""
        return "" if self.place is None else f"vouchers[{self.place}]"


class Kind(StrEnum):
    AMOUNT = "discount_amount"
    PERCENT = "discount_percent"
    FREE_ITEM = "free_item"
    GIFT = "gift"  # Handed over beside the bill.


@dataclass(frozen=True)
class Ticket:
    """One voucher of a bill. Money in minor units."""

    place: int  # Among the bill's vouchers, counted from 0.
    key: str  # The reward's.
    name: str
    name_en: str
    kind: Kind
    currency: str  # Of the money below, for telling it.
    value_minor: int = 0  # What AMOUNT takes off.
    percent: Fraction = Fraction()  # What PERCENT takes off,
    most_minor: int = 0  # and its limit; 0: none.
    minimum_minor: int = 0  # The smallest bill, before the programme's discounts.
    scope: Scope = field(default_factory=Scope)


def take(ticket: Ticket, lines: Sequence[Line], *, order_minor: int, is_total: bool) -> Taken:
    """
    What the voucher takes off lines that cost so much by now. Of a bill that is known by its sum
    alone (`is_total`) a free item takes nothing: it is handed over beside the bill, as a gift
    always is. Raises TicketRefused for a bill that is too small, and where the customer would
    lose the voucher for nothing.
    """
    if order_minor < ticket.minimum_minor:
        raise TicketRefused(_too_small(ticket), ticket.place)
    beside = ticket.kind is Kind.GIFT or (is_total and ticket.kind is Kind.FREE_ITEM)
    if beside:
        return Taken((0,) * len(lines), (0,) * len(lines))
    if is_total and not ticket.scope.everything:
        text = _("This voucher is for some goods only; this bill does not say what was bought.")
        raise TicketRefused(text, ticket.place)
    taken = _taken(ticket, lines)
    if not taken.minor:
        text = _("There is nothing on this bill that this voucher could take off.")
        raise TicketRefused(text, ticket.place)
    return taken


def _taken(ticket: Ticket, lines: Sequence[Line]) -> Taken:
    if ticket.kind is Kind.FREE_ITEM:
        return cheapest_free(lines, ticket.scope)
    if ticket.kind is Kind.PERCENT:
        return percent_off(lines, ticket.scope, ticket.percent, ticket.most_minor)
    return amount_off(lines, ticket.scope, ticket.value_minor)


def _too_small(ticket: Ticket) -> str:
    smallest = format_money(
        ticket.minimum_minor, currency=ticket.currency, language=get_language() or "vi"
    )
    return _("This voucher is for bills from %(amount)s.") % {"amount": smallest}
