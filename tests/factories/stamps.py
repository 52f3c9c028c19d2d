"""A café with stamp cards, and sales of single articles."""

from datetime import datetime
from decimal import Decimal

from customers.models import Customer
from loyalty.programme.basket import Line
from loyalty.programme.models import ProgrammeVersion
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Purchase
from rewards.models import StampEntry
from tests.factories.clock import NOON
from tests.factories.referrals import RULES, buy
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme

CARD = """
[[stamp_cards]]
key = "ca-phe"
name = "Thẻ cà phê"
name_en = "Coffee card"
categories = ["Cà phê"]
needed = 10
reward = "ca-phe-den"
"""


def shop_with_cards(*more: str, document: str = CARD) -> ProgrammeVersion:
    """Ten coffees, one free; a coffee is 30.000đ."""
    RewardFactory(key="ca-phe-den", name="Cà phê đen", name_en="Black coffee", cost_points=50)
    return shop_with_programme(RULES + document + "\n".join(more))


def coffees(count: int | str, **columns: object) -> Line:
    return Line(30_000, Decimal(count), sku="CF", category="Cà phê", **columns)  # type: ignore[arg-type]


def drink(
    customer: Customer,
    *lines: Line | int,
    at: datetime = NOON,
    reference: str = "",
    **columns: object,
) -> Purchase:
    """So many coffees, or these lines."""
    bill = Bill(lines=tuple(coffees(one) if isinstance(one, int) else one for one in lines))
    if reference:
        columns["reference"] = reference
    return buy(customer, at=at, bill=bill, **columns)


def card(customer: Customer, key: str = "ca-phe") -> list[tuple[str, int, int]]:
    """(kind, stamps, stamps after) of every entry."""
    rows = StampEntry.objects.filter(customer=customer, card=key).order_by("number")
    return list(rows.values_list("kind", "stamps", "stamps_after"))
