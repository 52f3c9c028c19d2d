"""What a till says when it is asked, in words that the model can say too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from customers.models import Customer
from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.ledger import services as ledger
from loyalty.ledger.adjustments import adjust
from loyalty.ledger.services import Credit, InsufficientPoints
from loyalty.programme.basket import Line
from loyalty.programme.paying import PointsRefused
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.refunds import purchase_of, refund_purchase, void_purchase
from loyalty.shop.models import User
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Reward
from rewards.redemption import redeem_reward
from rewards.vouchers import VoucherRefused
from tests.properties.bills import Bill as Paper

TILL: dict[str, Any] = {"source": "till", "by": None}


@dataclass
class Till:
    """One customer's till. `now` is when it is told, `at` when it happened."""

    customer: Customer
    owner: User

    def sell(self, name: str, bill: Paper | int, *, at: datetime, now: datetime) -> object:
        """The points, or why there are none. A bill of rows, or its sum."""
        try:
            recorded = record_purchase(
                reference=name,
                customer=self.customer,
                branch=None,
                bill=as_told(bill),
                at=at,
                recorded_at=now,
                **TILL,
            )
        except Conflict:
            return "conflict"
        except InvalidInput as refused:
            return "still to come" if refused.field == "occurred_at" else refused.field
        except PointsRefused:
            return "not payable"
        return "replayed" if recorded.replayed else recorded.purchase.points

    def redeem(self, name: str, reward: Reward, *, now: datetime) -> object:
        """Done, or what could have been spent."""
        try:
            redeem_reward(customer=self.customer, reward=reward, reference=name, at=now, **TILL)
        except InsufficientPoints as refused:
            return refused.available
        return "redeemed"

    def cancel(self, name: str, *, now: datetime) -> object:
        redemption = Redemption.objects.get(source="till", reference=name)
        try:
            cancel_redemption(redemption=redemption, reason="", at=now, **TILL)
        except VoucherRefused:
            return "ended"
        return "cancelled"

    def refund(
        self,
        name: str,
        sale_name: str,
        back: int | dict[int, int] | None,
        *,
        at: datetime,
        now: datetime,
    ) -> object:
        """
        The points taken, or why none were, for goods of so much worth, for so many of these
        rows, or for all. Raises UnknownPurchase.
        """
        request = TILL | {"reference": name, "reason": "", "at": at, "recorded_at": now}
        act: Callable[..., Any] = void_purchase
        if isinstance(back, int):
            act, request["amount_minor"] = refund_purchase, back
        elif back is not None:
            lines = tuple((number, Decimal(count)) for number, count in back.items())
            act, request["lines"] = refund_purchase, lines
        purchase = purchase_of(source="till", reference=sale_name)
        try:
            return act(purchase=purchase, **request).points_taken
        except Conflict:
            return "conflict"
        except DomainError:
            return "too much"

    def adjust(self, name: str, points: int, *, now: datetime) -> object:
        try:
            adjust(
                customer_id=self.customer.pk,
                points=points,
                reason="Counted again",
                expires_on=None,
                reference=name,
                at=now,
                **TILL | {"by": self.owner},
            )
        except InsufficientPoints as refused:
            return refused.available
        return "adjusted"

    def give(self, name: str, points: int, *, first_day: date, now: datetime) -> None:
        """Points for nothing, usable from that day."""
        due = Credit(self.customer.pk, points, name, now, None, None, {}, first_day)
        ledger.earn(credits_due=[due], source="till", at=now, by_id=None)


def as_told(bill: Paper | int) -> Bill:
    """The same bill in the product's words."""
    if isinstance(bill, int):
        return Bill.of_total(bill)
    lines = tuple(
        Line(row.price, Decimal(row.count), row.off, category=row.kind) for row in bill.rows
    )
    return Bill(lines, spend_points=bill.points)
