"""Codes of vouchers, as a cashier types them beside the bill."""

import re
from datetime import datetime

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.errors import DomainError
from loyalty.programme.tickets import TicketRefused
from loyalty.shop.models import Shop
from loyalty.web.counter.till import TillRequest
from loyalty.web.shared import display as shown
from rewards.queries import open_vouchers, shared_on_offer


def who(request: TillRequest) -> str:
    """For counting wrong codes."""
    return f"staff:{request.user.pk}"


def typed_codes(text: str) -> tuple[str, ...]:
    """
    The codes in what was typed, commas between; one may have spaces in it.

    >>> typed_codes(" 7k3m 92qd, TET2027 ,")
    ('7k3m 92qd', 'TET2027')
    """
    return tuple(code.strip() for code in re.split(r"[,;\n]", text) if code.strip())


def refusal(error: DomainError, codes: tuple[str, ...]) -> str:
    """Why a bill was refused; of several vouchers it says which."""
    if isinstance(error, TicketRefused) and error.place is not None and len(codes) > 1:
        return f"{codes[error.place]}: {error}"
    return str(error)


def code_named(customer: Customer | None, number: str, *, at: datetime, shop: Shop) -> str:
    """The code of that voucher, if the customer can use it; else nothing. One query."""
    if customer is None or not number.isascii() or not number.isdigit() or len(number) > 18:
        return ""
    vouchers = open_vouchers(customer.pk, on=local_date(at, shop.zone))
    found = vouchers.filter(pk=number).first()
    return shown.code(found.code) if found else ""


def takes_vouchers(has_own: bool, *, at: datetime, shop: Shop) -> bool:
    """Whether there is any voucher to take off: the customer's, or one for many. One query."""
    return has_own or shared_on_offer(on=local_date(at, shop.zone)).exists()
