"""Customers, with points when a test needs them. They need a shop with a programme."""

from datetime import date, datetime

import factory
from factory.django import DjangoModelFactory

from customers.identity import name_columns
from customers.models import Customer
from customers.services import new_token
from loyalty.ledger import services as ledger
from loyalty.ledger.services import Credit
from loyalty.programme.versions import in_force
from tests.factories.clock import NOON


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    name = factory.Sequence(lambda n: f"Nguyễn Thu Thảo {n}")
    name_folded = factory.LazyAttribute(lambda made: name_columns(made.name)["name_folded"])
    name_sort = factory.LazyAttribute(lambda made: name_columns(made.name)["name_sort"])
    phone = factory.Sequence(lambda n: f"+849{n:08d}")
    card_token = factory.LazyFunction(new_token)
    joined_at = NOON


def customer_with_points(
    points: int, *, expires_on: date | None = None, **columns: object
) -> Customer:
    """A customer whose balance is `points`, earned in one entry."""
    customer = CustomerFactory(**columns)
    give_points(customer, points, expires_on=expires_on)
    return customer


def give_points(
    customer: Customer,
    points: int,
    *,
    expires_on: date | None = None,
    usable_from: date | None = None,
    at: datetime = NOON,
    reference: str = "",
) -> None:
    credit = Credit(
        customer_id=customer.pk,
        points=points,
        reference=reference or f"opening:{customer.pk}:{points}:{expires_on}",
        occurred_at=at,
        expires_on=expires_on,
        version_id=in_force(at).version_id,
        explanation={},
        usable_from=usable_from,
    )
    ledger.earn(credits_due=[credit], source="test", at=at, by_id=None)
