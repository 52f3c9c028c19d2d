"""What a sale used up of what its customer can have only so often."""

from django.db import models
from django.db.models import Q

from customers.models import Customer
from loyalty.purchases.models.purchases import Purchase


class DiscountUse(models.Model):
    """A discount that can be had once an occasion, taken. Free again when the sale is undone."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="discount_uses")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    used = models.CharField(max_length=100)  # "key:occasion", such as "sinh-nhat:2026".
    freed = models.BooleanField(default=False, db_default=False)  # Only a refund's trigger sets it.

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "used"],
                condition=Q(freed=False),
                name="discount_used_once_an_occasion",
            ),
        ]

    def __str__(self) -> str:
        return self.used


class CapUse(models.Model):
    """Points that a rule with a cap gave in a sale. They count no more when the sale is undone."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="cap_uses")
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    rule_key = models.CharField(max_length=40)
    points = models.PositiveIntegerField()
    occurred_on = models.DateField()  # The sale's day in the shop.
    freed = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["purchase", "rule_key"], name="cap_used_once_a_sale"),
        ]
        indexes = [
            models.Index(
                fields=["customer", "rule_key", "occurred_on"],
                condition=Q(freed=False),
                name="cap_use_in_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_key}: {self.points}"
