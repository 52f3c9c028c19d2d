"""What a bill would cost and earn, told while it is being typed. Writes nothing."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.errors import DomainError, InvalidInput
from loyalty.money import parse_money
from loyalty.programme.earning import Earning
from loyalty.programme.paying import Offer, PointsRefused
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import Quote, quote
from loyalty.web.counter.codes import refusal, typed_codes, who
from loyalty.web.counter.till import TillRequest
from loyalty.web.shared.bills import Paid, to_pay
from loyalty.web.shared.guessing import guarding
from loyalty.web.shared.sums import Step, earning_steps


@dataclass(frozen=True)
class Typed:
    """A bill as a cashier types it."""

    amount: str = ""
    spend: str = ""  # Points to pay with.
    vouchers: str = ""  # Codes, commas between.

    @classmethod
    def of(cls, sent: QueryDict) -> "Typed":
        names = ("amount", "spend_points", "vouchers")
        return cls(*(sent.get(name, "") for name in names))

    @property
    def codes(self) -> tuple[str, ...]:
        return typed_codes(self.vouchers)

    def bill(self, currency: str) -> Bill:
        """The bill that is meant. Raises InvalidInput."""
        if not self.amount.strip():
            raise InvalidInput("amount", _("Type what the bill comes to."))
        return Bill(
            total_minor=parse_money(self.amount, currency=currency),
            spend_points=_points_typed(self.spend),
            vouchers=self.codes,
        )


@dataclass(frozen=True)
class Preview:
    customer: Customer | None  # None: an anonymous sale, which earns nothing.
    quote: Quote | None = None  # None while nothing sensible is typed.
    error: str = ""

    @property
    def earning(self) -> Earning | None:
        known = self.quote is not None and self.customer is not None
        return self.quote.effect.earning if self.quote and known else None

    @property
    def paid(self) -> Paid | None:
        return to_pay(self.quote.effect) if self.quote else None

    @property
    def offer(self) -> Offer | None:
        """How many points could pay, where they can."""
        return self.quote.offer if self.quote and self.quote.offer.most else None

    @property
    def steps(self) -> list[Step]:
        """How the points come about."""
        return earning_steps(self.earning.explanation) if self.earning else []


def preview_of(
    request: TillRequest, customer: Customer | None, typed: Typed, *, at: datetime
) -> Preview:
    """
    The preview for a bill as `typed`; what cannot be read becomes `error`, not an exception.
    Where the points cannot pay, the bill without them.
    """
    if not typed.amount.strip():
        return Preview(customer)
    asked = typed if customer else replace(typed, spend="")
    try:
        with guarding(request, who(request), asked.codes):
            return _quoted(request, customer, asked, at)
    except PointsRefused as refused:
        plain = _quoted(request, customer, replace(asked, spend=""), at)
        return replace(plain, error=str(refused))
    except DomainError as error:
        return Preview(customer, error=refusal(error, typed.codes))


def _quoted(request: TillRequest, customer: Customer | None, typed: Typed, at: datetime) -> Preview:
    bill = typed.bill(request.shop.currency)
    return Preview(customer, quote(customer=customer, branch=request.branch, bill=bill, at=at))


def _points_typed(text: str) -> int:
    """The whole points in `text`, dots or commas between thousands; none typed: 0."""
    bare = re.sub(r"[\s.,]", "", text)
    if len(bare) > len("1000000000") or not re.fullmatch(r"[0-9]*", bare):
        raise InvalidInput("spend_points", _("Points are a whole number."))
    return int(bare or 0)
