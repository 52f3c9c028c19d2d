"""What is being paid for, as a till tells it."""

from typing import Annotated

from pydantic import Field

from loyalty.ledger.models import MAX_POINTS
from loyalty.programme.basket import ONE, Line
from loyalty.purchases.bill import (
    LONGEST_CODE,
    MOST_CODES,
    MOST_LABELS,
    MOST_LINES,
    MOST_PAYMENTS,
    MOST_VOUCHERS,
    Bill,
)
from loyalty.web.api.reading import NOTHING, Body, Minor, PositiveMinor, Quantity, Text

Code = Annotated[str, Text(LONGEST_CODE, 1)]
Label = Annotated[str, Text(100, 1)]


class LineIn(Body):
    """Prices include tax."""

    sku: Annotated[str, Text(100)] = ""
    name: Annotated[str, Text(200)] = ""
    category: Annotated[str, Text(100)] = ""
    labels: Annotated[list[Label], Field(max_length=MOST_LABELS)] = NOTHING
    quantity: Quantity = ONE
    unit_price_minor: Minor
    discount_minor: Minor = 0  # Off the whole line.
    tax_minor: Minor = 0  # The part of what is left that is tax.
    premium: bool = False
    earns: bool = True
    counts_for_tier: bool = True

    def read(self) -> Line:
        return Line(
            unit_price_minor=self.unit_price_minor,
            quantity=self.quantity,
            discount_minor=self.discount_minor,
            tax_minor=self.tax_minor,
            sku=self.sku,
            name=self.name,
            category=self.category,
            labels=frozenset(self.labels),
            premium=self.premium,
            earns=self.earns,
            counts_for_tier=self.counts_for_tier,
        )


class PaymentIn(Body):
    """
    How it was paid: `cash`, `card`, `stored_value`, … as the till calls it. Stored value is a payment
    like others: it changes no price and no points.
    """

    method: Annotated[str, Text(LONGEST_CODE, 1)]
    amount_minor: Minor


Payments = Annotated[list[PaymentIn], Field(max_length=MOST_PAYMENTS)]


class BillIn(Body):
    """Either `lines`, or `total_minor` alone; beside lines a total must be their sum."""

    customer: Annotated[str, Text(60, 1)] | None = None  # Id, phone, card token or card number.
    branch: Annotated[str, Text(40, 1)] | None = None
    lines: Annotated[list[LineIn], Field(max_length=MOST_LINES)] = NOTHING
    total_minor: PositiveMinor | None = None
    shipping_minor: Minor = 0
    codes: Annotated[list[Code], Field(max_length=MOST_CODES)] = NOTHING
    # Codes or tokens; each takes off what is left, in this order, after the programme's discounts.
    vouchers: Annotated[list[Code], Field(max_length=MOST_VOUCHERS)] = NOTHING
    spend_points: Annotated[int, Field(ge=0, le=MAX_POINTS)] = 0
    channel: Annotated[str, Text(LONGEST_CODE)] = ""

    def bill(self) -> Bill:
        return Bill(
            lines=tuple(line.read() for line in self.lines),
            total_minor=self.total_minor,
            shipping_minor=self.shipping_minor,
            codes=frozenset(self.codes),
            vouchers=tuple(self.vouchers),
            spend_points=self.spend_points,
            channel=self.channel,
        )
