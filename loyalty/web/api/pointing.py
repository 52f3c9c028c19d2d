"""Whom, where and when a request means."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from django.utils.translation import gettext as _

from customers.identity import is_card_number, normalise_phone
from customers.models import Customer
from customers.queries import TOKEN, customer_meant, customers_meant
from loyalty.errors import InvalidInput
from loyalty.integrations.ids import number_of
from loyalty.integrations.keys import Holder
from loyalty.purchases.recording import SLACK
from loyalty.shop.models import Branch
from loyalty.web.api.entering import Scope, need
from loyalty.web.api.problems import Problem


def customer_at(customer_id: str) -> Customer:
    """
    The customer of that id in an address, of a merged one the kept one; little more than their number
    is read. Raises Problem.
    """
    number = number_of("cus", customer_id)
    found = customer_meant("id", number) if number is not None else None
    if found is None:
        raise Problem("not-found")
    return found


def customer_named(named: str) -> Customer:
    """
    The customer of that id, phone, card token or card number; little more than their number is
    read. Raises Problem and InvalidInput.
    """
    return customer_known(customer_meant(*meant_by(named)))


def customer_known(found: Customer | None) -> Customer:
    """Whom a body names, if there is such a customer. Raises Problem."""
    if found is None:
        raise Problem.of_field("customer", _("There is no such customer."))
    return found


def customers_named(named: Collection[str]) -> dict[str, Customer]:
    """
    Whom each of these names, as `customer_named`; without those that name nobody. One statement
    for each kind of name.
    """
    meant: dict[str, dict[str | int, list[str]]] = {}
    for one in named:
        with suppress(InvalidInput):
            column, value = meant_by(one)
            meant.setdefault(column, {}).setdefault(value, []).append(one)
    return {
        one: customer
        for column, names in meant.items()
        for value, customer in customers_meant(column, list(names)).items()
        for one in names[value]
    }


def meant_by(named: str) -> tuple[str, str | int]:
    """The column that says whom it stands for, and what stands there. Raises InvalidInput."""
    named = named.strip()
    number = number_of("cus", named)
    if number is not None:
        return "id", number
    if TOKEN.fullmatch(named):
        return "card_token", named
    if is_card_number(named):
        return "card_number", re.sub(r"\s", "", named)
    with calling(phone="customer"):
        return "phone", normalise_phone(named)


def branch_named(key: Holder, named: str | None) -> Branch | None:
    """
    The branch of that key of its own, else the API key's. Raises Problem for one that does not
    exist, or in which the API key may not sell.
    """
    if key.branch is not None:
        if named not in (None, key.branch.key):
            raise Problem.of_field("branch", _("The key is another branch's."), kind="not-allowed")
        return key.branch
    if named is None:
        return None
    branch = Branch.objects.filter(key=named).first()
    if branch is None:
        raise Problem.of_field("branch", _("There is no such branch."))
    return branch


def moment_of(key: Holder, given: datetime | None, *, now: datetime) -> datetime:
    """
    When it happened: now, unless the program says otherwise. Raises Problem for a moment to come,
    and for one that is over where the key may not tell of the past; ten minutes are a clock's.
    """
    if given is None:
        return now
    if given > now + SLACK:
        raise Problem.of_field("occurred_at", _("This moment is still to come."))
    if given < now - SLACK:
        need(key, Scope.BACKDATE)
    return given


@contextmanager
def calling(**names: str) -> Iterator[None]:
    """Call a service's field by its name in the request: `calling(phone="customer")`."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(names.get(error.field, error.field), str(error)) from error
