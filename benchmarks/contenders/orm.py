"""
What a good Django developer writes first, on the reference tables: `atomic`, `select_for_update`,
`create`, `save`. No idempotency, no rules, no allocations, no guards in the database.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from benchmarks import django_ready  # noqa: F401
from benchmarks.contenders.orm_models import Ledger, Lot, Member, Purchase, Reward


class Contender:
    @transaction.atomic
    def purchase(self, member: int, amount: int) -> None:
        now = timezone.now()
        points = amount // 100
        buyer = Member.objects.select_for_update().get(pk=member)
        purchase = Purchase.objects.create(member=buyer, amount=amount, at=now)
        Ledger.objects.create(member=buyer, points=points, kind="E", ref=purchase.pk, at=now)
        Lot.objects.create(
            member=buyer, remaining=points, expires_on=now.date() + timedelta(days=365)
        )
        buyer.balance += points
        buyer.progress += amount
        buyer.purchases += 1
        buyer.last_on = now.date()
        buyer.tier = 2 if buyer.progress > 100_000 else 1 if buyer.progress > 30_000 else 0
        buyer.save(update_fields=["balance", "progress", "purchases", "last_on", "tier"])

    @transaction.atomic
    def redeem(self, member: int, reward: int) -> bool:
        buyer = Member.objects.select_for_update().get(pk=member)
        wanted = Reward.objects.select_for_update().get(pk=reward)
        if buyer.balance < wanted.cost or wanted.stock < 1:
            return False
        self._take(buyer, wanted.cost)
        Ledger.objects.create(
            member=buyer, points=-wanted.cost, kind="R", ref=reward, at=timezone.now()
        )
        buyer.balance -= wanted.cost
        buyer.save(update_fields=["balance"])
        wanted.stock -= 1
        wanted.save(update_fields=["stock"])
        return True

    def _take(self, buyer: Member, missing: int) -> None:
        """Points out of the lots that end first."""
        for lot in Lot.objects.filter(member=buyer, remaining__gt=0).order_by("expires_on", "id"):
            take = min(lot.remaining, missing)
            lot.remaining -= take
            lot.save(update_fields=["remaining"])
            missing -= take
            if missing == 0:
                break
