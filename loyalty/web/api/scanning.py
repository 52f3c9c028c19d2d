"""
Who asks, and whom they ask about, in one trip to the database: at a scan, and with a sale. Nothing is asked
as often, and each trip costs about as much as all the rest of a scan.
"""

import re
from contextlib import suppress
from datetime import datetime
from typing import cast

from django.http import HttpRequest

from customers.identity import is_card_number, normalise_phone
from customers.models import Customer
from customers.queries import (
    NUMBER,
    PROFILE,
    TOKEN,
    Profile,
    customer_numbered,
    profile_found,
    profile_in,
)
from loyalty.errors import InvalidInput
from loyalty.integrations.keys import HOLDER, HOLDER_WIDTH, Holder, holder_of, prefix_of
from loyalty.statements import one_row
from loyalty.web.api.entering import Key
from loyalty.web.api.pointing import customer_known, customer_named, meant_by
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import address_of, asked_by

# Each of the two always answers with one row.
_WITH_PROFILE, _WITH_NUMBER = (
    {
        column: f"SELECT * FROM ({HOLDER}) AS h, ({asked}) AS c"  # noqa: S608 (both are ours)
        for column, asked in statements.items()
    }
    for statements in (PROFILE, NUMBER)
)
LONGEST = 10_000  # Bytes of a body that is read for a stranger.


class ScanKey(Key):
    """Lets in as `Key`, and finds on the way whose phone or card stands in the address."""

    def find(self, request: HttpRequest, token: str, *, at: datetime) -> Holder | None:
        prefix = prefix_of(token)
        # What can be nobody's is refused later, to those whose key lets them in.
        with suppress(InvalidInput, Problem):
            asked = _asked(request)
            if prefix is not None and asked is not None:
                column, value = _meant(*asked)
                row = one_row(_WITH_PROFILE[column], [prefix, value])
                request.scanned = profile_in(row[HOLDER_WIDTH:])  # type: ignore[attr-defined]
                return holder_of(token, row[:HOLDER_WIDTH], at=at)
        return super().find(request, token, at=at)


class SaleKey(Key):
    """Lets in as `Key`, and finds on the way the customer whom a body names that is no longer than most."""

    def find(self, request: HttpRequest, token: str, *, at: datetime) -> Holder | None:
        prefix = prefix_of(token)
        with suppress(InvalidInput, Problem):
            named = _named(request)
            if prefix is not None and named is not None:
                column, value = meant_by(named)
                *row, number = one_row(_WITH_NUMBER[column], [prefix, value])
                request.named = named, customer_numbered(number)  # type: ignore[attr-defined]
                return holder_of(token, row, at=at)
        return super().find(request, token, at=at)


def customer_of_sale(request: HttpRequest, named: str) -> Customer:
    """As `customer_named`, without a trip where `SaleKey` has made it."""
    known, customer = getattr(request, "named", (None, None))
    return customer_known(customer) if known == named else customer_named(named)


def scanned(request: HttpRequest, by: str, typed: str) -> Profile | None:
    """
    Whose phone or card (`by`) this is. Raises InvalidInput and Problem for what can be nobody's.
    """
    if hasattr(request, "scanned"):
        return cast(Profile | None, request.scanned)
    return profile_found(*_meant(by, typed))


def _named(request: HttpRequest) -> str | None:
    """The customer in a body, if it is a short one that names one."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST:
        return None
    asked = asked_by(request)
    named = asked.get("customer") if isinstance(asked, dict) else None
    return named if isinstance(named, str) else None


def _asked(request: HttpRequest) -> tuple[str, str] | None:
    """The one of `phone` and `card` that the address has, if it is one."""
    given = [(name, value) for name, value in address_of(request) if name in ("phone", "card")]
    return given[0] if len(given) == 1 else None


def _meant(by: str, typed: str) -> tuple[str, str]:
    typed = typed.strip()
    if by == "phone":
        return "phone", normalise_phone(typed)
    if TOKEN.fullmatch(typed):
        return "card_token", typed
    if is_card_number(typed):
        return "card_number", re.sub(r"\s", "", typed)
    raise Problem.of_field("card", "This is no card of ours.")
