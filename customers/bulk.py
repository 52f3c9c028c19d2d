"""Enrolling many customers at once, for imports: COPY, and no look at each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from customers.identity import Birthday, name_columns
from customers.models import Consent
from customers.services import new_token

_COLUMNS = (
    *("external_id", "name", "name_folded", "name_sort", "salutation", "phone", "email"),
    *("birth_day", "birth_month", "birth_year", "birth_lunar", "language", "card_token"),
    *("joined_at", "joined_branch_id"),
)


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer nobody has yet: the caller has looked, and holds what keeps it true."""

    external_id: str
    phone: str  # E.164, or empty.
    name: str
    joined_at: datetime
    joined_branch_id: int | None
    salutation: str = ""
    email: str = ""
    birthday: Birthday | None = None
    language: str = "vi"


def enrol_many(people: Sequence[NewCustomer]) -> None:
    """
    Add these customers, each with a card of their own. The database refuses a phone, e-mail or
    external id that somebody has with IntegrityError.
    """
    columns = ", ".join(_COLUMNS)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY customers_customer ({columns}) FROM STDIN") as copy,
    ):
        for person in people:
            copy.write_row(_row(person))


def _row(person: NewCustomer) -> tuple[object, ...]:
    name, birthday = name_columns(person.name), person.birthday
    return (
        person.external_id,
        name["name"],
        name["name_folded"],
        name["name_sort"],
        person.salutation,
        person.phone,
        person.email,
        birthday and birthday.day,
        birthday and birthday.month,
        birthday and birthday.year,
        bool(birthday and birthday.lunar),
        person.language,
        new_token(),
        person.joined_at,
        person.joined_branch_id,
    )


def record_consents(consents: Sequence[Consent]) -> None:
    """Keep the first words of customers who were just enrolled; nobody can have others yet."""
    Consent.objects.bulk_create(consents)


def set_external_ids(ids: dict[int, str]) -> None:
    """Give customers who have none the id of the shop's older system."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customer c SET external_id = n.external_id"
            " FROM unnest(%s::bigint[], %s::text[]) AS n (id, external_id)"
            " WHERE c.id = n.id AND c.external_id = ''",
            [list(ids), list(ids.values())],
        )
