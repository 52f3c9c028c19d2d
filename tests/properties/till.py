"""What a till says when it is asked, in words that the model can say too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from customers.models import Customer
from loyalty.errors import Conflict, DomainError
from loyalty.ledger import services as ledger
from loyalty.ledger.adjustments import adjust
from loyalty.ledger.services import Credit, InsufficientPoints
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.refunds import purchase_of, refund_purchase, void_purchase
from loyalty.shop.models import User
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Reward
from rewards.redemption import redeem_reward
from rewards.vouchers import VoucherRefused

TILL: dict[str, Any] = {"source": "till", "by": None}


@dataclass
class Till:
    """One customer's till. `now` is when it is told, `at` when it happened."""

    customer: Customer
    owner: User

    def sell(self, name: str, amount: int, *, at: datetime, now: datetime) -> object:
        """The points, or why there are none."""
        try:
            recorded = record_purchase(
                reference=name,
                customer=self.customer,
                branch=None,
                bill=Bill.of_total(amount),
                at=at,
                recorded_at=now,
                **TILL,
            )
        except Conflict:
            return "conflict"
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
        self, name: str, sale_name: str, amount: int | None, *, at: datetime, now: datetime
    ) -> object:
        """The points taken, or why none were. No amount: all of it. Raises UnknownPurchase."""
        request = TILL | {"reference": name, "reason": "", "at": at, "recorded_at": now}
        act: Callable[..., Any] = void_purchase
        if amount is not None:
            act, request["amount_minor"] = refund_purchase, amount
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
