"""
A scan: who asks, and whose phone or card it is, in one trip to the database. Nothing is asked as often,
and each trip costs about as much as all the rest of such a request.
"""

import re
from contextlib import suppress
from datetime import datetime
from typing import cast

from django.http import HttpRequest

from customers.identity import is_card_number, normalise_phone
from customers.models import Customer
from customers.queries import TOKEN, WHOLE, customer_found, customer_of
from loyalty.errors import InvalidInput
from loyalty.integrations.keys import HOLDER, HOLDER_WIDTH, Holder, holder_of, prefix_of
from loyalty.statements import one_row
from loyalty.web.api.entering import Key
from loyalty.web.api.problems import Problem

# Each of the two always answers with one row.
_BOTH = {
    column: f"SELECT * FROM ({HOLDER}) AS h, ({whole}) AS c"  # noqa: S608 (both are ours)
    for column, whole in WHOLE.items()
}


class ScanKey(Key):
    """Lets in as `Key`, and finds on the way whose phone or card stands in the address."""

    def find(self, request: HttpRequest, token: str, *, at: datetime) -> Holder | None:
        prefix = prefix_of(token)
        # What can be nobody's is refused later, to those whose key lets them in.
        with suppress(InvalidInput, Problem):
            asked = _asked(request)
            if prefix is not None and asked is not None:
                column, value = _meant(*asked)
                row = one_row(_BOTH[column], [prefix, value])
                request.scanned = customer_of(row[HOLDER_WIDTH:])  # type: ignore[attr-defined]
                return holder_of(token, row[:HOLDER_WIDTH], at=at)
        return super().find(request, token, at=at)


def scanned(request: HttpRequest, by: str, typed: str) -> Customer | None:
    """
    Whose phone or card (`by`) this is. Raises InvalidInput and Problem for what can be nobody's.
    """
    if hasattr(request, "scanned"):
        return cast(Customer | None, request.scanned)
    return customer_found(*_meant(by, typed))


def _asked(request: HttpRequest) -> tuple[str, str] | None:
    """The one of `phone` and `card` that the address has, if it is one."""
    given = [name for name in ("phone", "card") if name in request.GET]
    return (given[0], str(request.GET[given[0]])) if len(given) == 1 else None


def _meant(by: str, typed: str) -> tuple[str, str]:
    typed = typed.strip()
    if by == "phone":
        return "phone", normalise_phone(typed)
    if TOKEN.fullmatch(typed):
        return "card_token", typed
    if is_card_number(typed):
        return "card_number", re.sub(r"\s", "", typed)
    raise Problem.of_field("card", "This is no card of ours.")
