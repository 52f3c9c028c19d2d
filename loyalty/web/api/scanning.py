"""
Who asks, and whom they ask about, in one trip to the database: at a scan, and with a sale. Nothing is asked
as often, and each trip costs about as much as all the rest of a scan.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

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
from loyalty.purchases.at_once import Glimpse, glimpse_in
from loyalty.purchases.bill import is_writable
from loyalty.statements import one_row
from loyalty.web.api.entering import Key
from loyalty.web.api.pointing import customer_known, customer_named, meant_by
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import address_of, asked_by

# All that is joined here always answers with one row.
_SCAN = {
    column: f"SELECT * FROM ({HOLDER}) AS h, ({profile}) AS c"  # noqa: S608 (both are ours)
    for column, profile in PROFILE.items()
}
_SALE = {
    column: f"SELECT * FROM ({HOLDER}) AS h, ({number}) AS c (number),"  # noqa: S608
    " purchases_look(h.source, %s, c.number) AS met"
    for column, number in NUMBER.items()
}
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
                row = one_row(_SCAN[column], [prefix, value])
                request.scanned = profile_in(row[HOLDER_WIDTH:])  # type: ignore[attr-defined]
                return holder_of(token, row[:HOLDER_WIDTH], at=at)
        return super().find(request, token, at=at)


@dataclass(frozen=True)
class Foreseen:
    """What a body names, and what that is."""

    named: tuple[str, str]  # The customer and the sale, as the body says.
    customer: Customer | None
    met: Sequence[Any]  # The row of `purchases_look`.


class SaleKey(Key):
    """
    Lets in as `Key`, and finds on the way the customer whom a body names that is no longer than most,
    and what the sale meets.
    """

    def find(self, request: HttpRequest, token: str, *, at: datetime) -> Holder | None:
        prefix = prefix_of(token)
        with suppress(InvalidInput, Problem):
            named = _named(request)
            if prefix is not None and named is not None:
                customer, reference = named
                column, value = meant_by(customer)
                row = one_row(_SALE[column], [prefix, value, reference])
                number, *met = row[HOLDER_WIDTH:]
                found = Foreseen(named, customer_numbered(number), met)
                request.foreseen = found  # type: ignore[attr-defined]
                return holder_of(token, row[:HOLDER_WIDTH], at=at)
        return super().find(request, token, at=at)


def foreseen(
    request: HttpRequest, customer: str | None, reference: str
) -> tuple[Customer | None, Glimpse | None]:
    """
    Whom the sale of that reference names, and what it meets, as far as `SaleKey` has looked. Raises
    Problem and InvalidInput.
    """
    known: Foreseen | None = getattr(request, "foreseen", None)
    if known is not None and known.named == (customer, reference):
        return customer_known(known.customer), glimpse_in(known.met)
    return (customer_named(customer) if customer else None), None


def scanned(request: HttpRequest, by: str, typed: str) -> Profile | None:
    """
    Whose phone or card (`by`) this is. Raises InvalidInput and Problem for what can be nobody's.
    """
    if hasattr(request, "scanned"):
        return cast(Profile | None, request.scanned)
    return profile_found(*_meant(by, typed))


def _named(request: HttpRequest) -> tuple[str, str] | None:
    """The customer and the sale in a body, if it is a short one that names both."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST:
        return None
    asked = asked_by(request)
    if not isinstance(asked, dict):
        return None
    customer, reference = asked.get("customer"), asked.get("reference")
    if isinstance(customer, str) and isinstance(reference, str) and is_writable(reference):
        return customer, reference
    return None


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
