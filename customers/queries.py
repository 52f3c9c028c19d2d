"""Finding customers, and what they agreed to."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import BigIntegerField, Q
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Exact

from customers.identity import is_card_number, normalise_phone
from customers.models import Consent, Customer
from loyalty.errors import InvalidInput
from loyalty.statements import one_row
from loyalty.text import fold

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


def find_customers(text: str, *, limit: int = 8) -> list[Customer]:
    """
    The customers a cashier may mean by `text`: a phone in any form, a card number, a scanned
    card, an external id, the last digits of a phone, or part of a name without marks.
    Exact hits come alone; otherwise by name. At most `limit`. One who was merged into another is
    found as that other one.
    """
    typed = text.strip().replace("\x00", "")
    if not typed:
        return []
    customers = Customer.objects.select_related("merged_into")
    for exactly in _exact(typed):
        if found := _kept(customers.filter(exactly)[:limit]):
            return found
    return _kept(customers.filter(_alike(typed)).order_by("name_sort")[:limit])


def _kept(found: Iterable[Customer]) -> list[Customer]:
    """Who is meant by these rows, each once."""
    return list({customer.kept_id: customer.kept for customer in found}.values())


def numbers_of(customer_id: int) -> set[int]:
    """The numbers by which this customer may have been asked for: theirs and merged ones'."""
    kept = Customer.objects.filter(pk=customer_id).values(
        pk=Coalesce("merged_into_id", "id", output_field=BigIntegerField())
    )
    ids = Customer.objects.filter(Q(merged_into__in=kept) | Q(pk__in=kept))
    return {customer_id, *ids.values_list("pk", flat=True)}


# Asked with every sale and at every scan, so prepared. Always a row; an empty one where nobody is meant.
# An empty phone is nobody's: only so does the plan, made for any value, use the index of phones.
_NAMED = {"id": "", "phone": "AND c.phone <> ''", "card_number": "", "card_token": ""}
_MEANT = {
    column: f"FROM (VALUES (%s)) AS asked ({column})"
    f" LEFT JOIN customers_customer c ON c.{column} = asked.{column} {but}"
    for column, but in _NAMED.items()
}
NUMBER = {
    column: f"SELECT coalesce(c.merged_into_id, c.id) {meant}" for column, meant in _MEANT.items()
}


class Profile(NamedTuple):
    """What a program is told of a customer. Much cheaper to make than a Customer, and scans make one each."""

    id: int
    name: str
    salutation: str
    phone: str
    email: str
    birth_day: int | None
    birth_month: int | None
    birth_year: int | None
    birth_lunar: bool
    language: str
    external_id: str
    card_number: str
    joined_at: datetime
    branch_key: str | None  # Where they joined.


# The last column says into whom they were merged.
_COLUMNS = ", ".join([*(f"c.{name}" for name in Profile._fields[:-1]), "b.key", "c.merged_into_id"])
PROFILE = {
    column: f"SELECT {_COLUMNS} {meant} LEFT JOIN shop_branch b ON b.id = c.joined_branch_id"
    for column, meant in _MEANT.items()
}


def customer_meant(column: str, value: str | int) -> Customer | None:
    """
    Whom that id, phone (E.164), card number or card token stands for, of a merged one the kept one;
    all but their number is read when it is asked for. One statement.
    """
    (number,) = one_row(NUMBER[column], [value])
    return customer_numbered(number)


def customer_numbered(number: int | None) -> Customer | None:
    """As `customer_meant`, of the number that `NUMBER` answered with."""
    if number is None:
        return None
    return Customer.from_db(DEFAULT_DB_ALIAS, ["id", "merged_into_id"], [number, None])


def customers_meant(column: str, values: Sequence[str | int]) -> dict[str | int, Customer]:
    """The same for many values of one column; without those that stand for nobody. One statement."""
    meant = Customer.objects.filter(**{f"{column}__in": values}).order_by()
    if column == "phone":  # As above: of more than a hundred the planner does not see it by itself.
        meant = meant.exclude(phone="")
    kept = Coalesce("merged_into_id", "id", output_field=BigIntegerField())
    return {
        value: customer
        for value, number in meant.values_list(column, kept)
        if (customer := customer_numbered(number))
    }


def profile_found(column: str, value: str | int) -> Profile | None:
    """The same with what is told of them. One statement, and another one for whoever was merged."""
    return profile_in(one_row(PROFILE[column], [value]))


def profile_in(row: Sequence[Any]) -> Profile | None:
    """As `profile_found`, of the row that `PROFILE` answered with."""
    *told, merged_into_id = row
    if merged_into_id is not None:
        return profile_found("id", merged_into_id)
    return Profile._make(told) if told[0] is not None else None


def profile_of(customer: Customer) -> Profile:
    """The same of a customer at hand. A query unless their branch came along."""
    branch = customer.joined_branch
    told = [getattr(customer, name) for name in Profile._fields[:-1]]
    return Profile._make([*told, branch.key if branch else None])


def known_by(name: str, value: str) -> Q:
    """
    Whose phone (E.164), e-mail (in any case) or external id that is; nobody's when it is empty. By
    the index of each: `iexact`, for an e-mail, would read every customer there is.
    """
    if name != "email":
        return Q(**{name: value}) & ~Q(**{name: ""})
    return Q(Exact(Lower("email"), value.lower())) & ~Q(email="")


def _exact(typed: str) -> Iterator[Q]:
    if "@" in typed:  # By itself: beside other things the index of e-mails is not used.
        yield known_by("email", typed)
    match = Q(external_id=typed)
    if TOKEN.fullmatch(typed):
        match |= Q(card_token=typed)
    if is_card_number(typed):
        match |= Q(card_number=re.sub(r"\s", "", typed))
    with suppress(InvalidInput):
        match |= Q(phone=normalise_phone(typed))
    yield match


def _alike(typed: str) -> Q:
    digits = re.sub(r"\D", "", typed)
    if len(digits) >= 4 and len(digits) >= len(re.sub(r"[\s.+-]", "", typed)):
        return Q(phone__endswith=digits)
    word = fold(typed)
    return Q(name_folded__contains=word) if word else Q(pk=None)  # Of a mark alone nothing is left.


def consents_of(customer: Customer) -> dict[str, Consent]:
    """The newest act of consent for each channel that has one, adverts only. One query."""
    newest = (
        Consent.objects.filter(customer=customer, purpose=Consent.Purpose.ADS)
        .order_by("channel", "-id")
        .distinct("channel")
    )
    return {consent.channel: consent for consent in newest}
