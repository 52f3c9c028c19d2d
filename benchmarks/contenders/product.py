"""The product itself: the services that the till calls."""

import secrets

from django.utils import timezone

from benchmarks import django_ready  # noqa: F401
from customers.models import Customer
from loyalty.errors import DomainError
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from loyalty.shop.models import Branch
from rewards.models import Reward
from rewards.redemption import redeem_reward

MINOR_PER_POINT = 100  # The reference gives a point for 100; the café's bills are in thousands.


class Contender:
    def __init__(self) -> None:
        self.branch = Branch.objects.get()
        self.rewards = list(Reward.objects.order_by("pk"))
        # Whom the till has found already; of the row, the services ask for the number alone.
        self.customer = Customer()
        self.run = secrets.token_hex(6)  # References of two runs must differ.
        self.count = 0

    def purchase(self, member: int, amount: int) -> None:
        self.customer.pk = member
        now = timezone.now()
        record_purchase(
            source="bench",
            reference=self._reference(),
            customer=self.customer,
            branch=self.branch,
            bill=Bill.of_total(amount * MINOR_PER_POINT),
            at=now,
            recorded_at=now,
            by=None,
        )

    def redeem(self, member: int, reward: int) -> bool:
        self.customer.pk = member
        try:
            redeem_reward(
                customer=self.customer,
                reward=self.rewards[reward - 1],
                source="bench",
                reference=self._reference(),
                at=timezone.now(),
                by=None,
            )
        except DomainError:
            return False
        return True

    def _reference(self) -> str:
        self.count += 1
        return f"{self.run}-{self.count}"
