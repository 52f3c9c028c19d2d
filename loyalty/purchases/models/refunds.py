"""What was given back of sales."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loyalty.ledger.models import Entry
from loyalty.purchases.models.purchases import Purchase, PurchaseLine


class Refund(models.Model):
    """Money given back for a sale, wholly or in part, and the points taken back for it."""

    class Kind(models.TextChoices):
        REFUND = "refund", _("Refund")
        VOID = "void", _("Cancelled sale")

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="refunds")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    source = models.CharField(max_length=40)
    reference = models.CharField(_("receipt"), max_length=90)
    request_hash = models.CharField(max_length=64)  # SHA-256 of what was asked.
    # What the goods that come back had cost; of that, the part given back as points.
    amount_minor = models.BigIntegerField(_("amount"))
    in_points_minor = models.BigIntegerField(default=0, db_default=0)
    returned_points = models.PositiveIntegerField(_("points given back"), default=0, db_default=0)
    returned_entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="returning_refund"
    )
    points_due = models.PositiveIntegerField(_("points due"))  # By proportion of the sale's.
    points_taken = models.PositiveIntegerField(_("points taken back"))  # The rest was not there.
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="refund")
    # What the till was told, so that a retry after hours hears the same.
    balance_after = models.BigIntegerField(_("balance after"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    occurred_on = models.DateField(_("day"))  # The same moment's day in the shop.
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="refund_once_per_event"),
            models.UniqueConstraint(
                fields=["purchase"], condition=Q(kind="void"), name="refund_voids_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0) & Q(in_points_minor__range=(0, F("amount_minor"))),
                name="refund_gives_no_more_than_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(returned_points=0, returned_entry__isnull=True)
                | Q(returned_points__gt=0, returned_entry__isnull=False),
                name="refund_returned_points_have_an_entry",
            ),
            models.CheckConstraint(
                condition=Q(points_taken__lte=F("points_due"))
                & (
                    Q(points_taken=0, entry__isnull=True)
                    | Q(points_taken__gt=0, entry__isnull=False)
                ),
                name="refund_points_have_an_entry",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def shortfall(self) -> int:
        """Points that were due and could not be taken: expired, or below the floor."""
        return self.points_due - self.points_taken

    @property
    def money_minor(self) -> int:
        """What the customer is given back in money."""
        return self.amount_minor - self.in_points_minor


class RefundLine(models.Model):
    """What of one line a refund gives back."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(PurchaseLine, on_delete=models.PROTECT, related_name="refunds")
    # 0: none of it came back; the line has its share of a refund by amount.
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    amount_minor = models.BigIntegerField(_("amount"))

    class Meta:
        ordering = ["refund_id", "line_id"]
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="refund_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, amount_minor__gte=0)
                & (Q(quantity__gt=0) | Q(amount_minor__gt=0)),
                name="refund_line_gives_back",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
