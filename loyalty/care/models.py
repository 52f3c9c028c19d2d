"""What was done to whole customers, across all floors."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer


class Merge(models.Model):
    """Two rows of one person made one, by whom and why; and, where it was undone, that."""

    kept = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("kept")
    )
    duplicate = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="+", verbose_name=_("duplicate")
    )
    reason = models.CharField(_("reason"), max_length=200)
    merged_at = models.DateTimeField(_("merged at"))
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("merged by"),
    )
    # The fields that were empty on the kept row and came from the duplicate's; never their values.
    gained = ArrayField(models.CharField(max_length=20), default=list)
    refunds = models.PositiveIntegerField(default=0)  # Of the sales that moved, until then.
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("undone by"),
    )
    undone_reason = models.CharField(_("why undone"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["duplicate"], condition=Q(undone_at=None), name="merge_stands_once"
            ),
            models.CheckConstraint(
                condition=~Q(kept=F("duplicate")), name="merge_is_of_two_customers"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="merge_has_a_reason"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undone_reason="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undone_reason="")),
                name="merge_undone_by_somebody_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def reference(self) -> str:
        """What the rows it wrote on other floors are named by."""
        return str(self.pk)


class Moved(models.Model):
    """The rows of one table that became the kept customer's. Append-only: undoing reads it."""

    merge = models.ForeignKey(Merge, on_delete=models.PROTECT, related_name="moved")
    table = models.CharField(max_length=80)  # "purchases.Purchase.customer"
    rows = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merge", "table"], name="moved_once_a_merge"),
        ]

    def __str__(self) -> str:
        return self.table
