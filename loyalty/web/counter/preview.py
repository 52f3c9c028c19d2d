"""What a bill would earn, told while it is being typed. Writes nothing."""

from dataclasses import dataclass
from datetime import datetime

from customers.models import Customer
from loyalty.errors import DomainError
from loyalty.money import parse_money
from loyalty.programme.earning import Earning
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import quote
from loyalty.shop.models import Branch
from loyalty.web.shared.sums import Step, earning_steps


@dataclass(frozen=True)
class Preview:
    customer: Customer | None  # None: an anonymous sale, which earns nothing.
    amount_minor: int | None = None  # None while nothing sensible is typed.
    earning: Earning | None = None
    steps: tuple[Step, ...] = ()
    error: str = ""


def preview_of(
    customer: Customer | None, typed: str, *, branch: Branch, currency: str, at: datetime
) -> Preview:
    """The preview for a bill as `typed`; what cannot be read becomes `error`, not an exception."""
    if not typed.strip():
        return Preview(customer)
    try:
        amount_minor = parse_money(typed, currency=currency)
        if customer is None:
            return Preview(None, amount_minor)
        bill = Bill.of_total(amount_minor)
        earning = quote(customer=customer, branch=branch, bill=bill, at=at).effect.earning
    except DomainError as error:
        return Preview(customer, error=str(error))
    return Preview(customer, amount_minor, earning, tuple(earning_steps(earning.explanation)))
