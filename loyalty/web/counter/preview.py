"""What a bill would cost and earn, told while it is being typed. Writes nothing."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.errors import DomainError, InvalidInput
from loyalty.money import parse_money
from loyalty.programme.earning import Earning
from loyalty.programme.paying import Offer, PointsRefused
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import Quote, quote
from loyalty.shop.models import Branch
from loyalty.web.shared.bills import Paid, to_pay
from loyalty.web.shared.sums import Step, earning_steps


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
    customer: Customer | None,
    typed: str,
    *,
    spend: str,
    branch: Branch,
    currency: str,
    at: datetime,
) -> Preview:
    """
    The preview for a bill as `typed`, paid with as many points as `spend` says; what cannot be
    read becomes `error`, not an exception. Where the points cannot pay, the bill without them.
    """
    if not typed.strip():
        return Preview(customer)
    try:
        bill = typed_bill(typed, spend if customer else "", currency=currency)
        return Preview(customer, quote(customer=customer, branch=branch, bill=bill, at=at))
    except PointsRefused as refused:
        bill = typed_bill(typed, "", currency=currency)
        plain = quote(customer=customer, branch=branch, bill=bill, at=at)
        return Preview(customer, plain, str(refused))
    except DomainError as error:
        return Preview(customer, error=str(error))


def typed_bill(amount: str, spend: str, *, currency: str) -> Bill:
    """The bill a cashier means. Raises InvalidInput."""
    return Bill(
        total_minor=parse_money(amount, currency=currency), spend_points=_points_typed(spend)
    )


def _points_typed(text: str) -> int:
    """The whole points in `text`, dots or commas between thousands; none typed: 0."""
    bare = re.sub(r"[\s.,]", "", text)
    if len(bare) > len("1000000000") or not re.fullmatch(r"[0-9]*", bare):
        raise InvalidInput("spend_points", _("Points are a whole number."))
    return int(bare or 0)
