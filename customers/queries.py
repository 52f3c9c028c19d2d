"""Finding customers, and what they agreed to."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import BigIntegerField, Q, QuerySet
from django.db.models.functions import Coalesce

from customers.identity import is_card_number, normalise_phone
from customers.models import Consent, Customer
from loyalty.errors import InvalidInput
from loyalty.shop.models import Branch
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
    exact = _kept(customers.filter(_exact(typed))[:limit])
    return exact or _kept(customers.filter(_alike(typed)).order_by("name_sort")[:limit])


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
_MEANT = """
SELECT {columns} FROM (VALUES (%s)) AS asked ({column})
LEFT JOIN customers_customer r ON r.{column} = asked.{column} {but}
LEFT JOIN customers_customer c ON c.id = coalesce(r.merged_into_id, r.id)
LEFT JOIN shop_branch b ON b.id = c.joined_branch_id
"""
_COLUMNS = [field.attname for field in Customer._meta.concrete_fields]
_NAMED = {"id": "", "phone": "AND r.phone <> ''", "card_number": "", "card_token": ""}
# Nothing is asked of the other two tables, so the server leaves them out.
NUMBER = {
    column: _MEANT.format(columns="coalesce(r.merged_into_id, r.id)", column=column, but=but)
    for column, but in _NAMED.items()
}
WHOLE = {
    column: _MEANT.format(
        columns=", ".join([*(f"c.{name}" for name in _COLUMNS), "b.key"]), column=column, but=but
    )
    for column, but in _NAMED.items()
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
    kept = Coalesce("merged_into_id", "id", output_field=BigIntegerField())
    return {
        value: customer
        for value, number in meant.values_list(column, kept)
        if (customer := customer_numbered(number))
    }


def customer_found(column: str, value: str | int) -> Customer | None:
    """The same, the whole row, and of the branch where they joined its key. One statement."""
    return customer_of(one_row(WHOLE[column], [value]))


def customer_of(row: Sequence[Any]) -> Customer | None:
    """As `customer_found`, of the row that `WHOLE` answered with."""
    *values, branch_key = row
    if values[0] is None:
        return None
    customer = Customer.from_db(DEFAULT_DB_ALIAS, _COLUMNS, values)
    if branch_key is not None:
        customer.joined_branch = Branch(pk=customer.joined_branch_id, key=branch_key)
    return customer


def _exact(typed: str) -> Q:
    match = Q(external_id=typed)
    if TOKEN.fullmatch(typed):
        match |= Q(card_token=typed)
    if is_card_number(typed):
        match |= Q(card_number=re.sub(r"\s", "", typed))
    if "@" in typed:
        match |= Q(email__iexact=typed)
    with suppress(InvalidInput):
        match |= Q(phone=normalise_phone(typed))
    return match


def _alike(typed: str) -> Q:
    digits = re.sub(r"\D", "", typed)
    if len(digits) >= 4 and len(digits) >= len(re.sub(r"[\s.+-]", "", typed)):
        return Q(phone__endswith=digits)
    return Q(name_folded__contains=fold(typed))


def consents_of(customer: Customer) -> dict[str, Consent]:
    """The newest act of consent for each channel that has one, adverts only. One query."""
    newest = (
        Consent.objects.filter(customer=customer, purpose=Consent.Purpose.ADS)
        .order_by("channel", "-id")
        .distinct("channel")
    )
    return {consent.channel: consent for consent in newest}


def agreeing(*, channel: str) -> QuerySet[Consent]:
    """For each customer whose newest word on adverts by `channel` is yes, that consent."""
    newest = (
        Consent.objects.filter(channel=channel, purpose=Consent.Purpose.ADS)
        .order_by("customer_id", "-id")
        .distinct("customer_id")
    )
    return Consent.objects.filter(pk__in=newest.values("pk"), granted=True)
