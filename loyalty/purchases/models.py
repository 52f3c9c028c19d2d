"""The till's events, and one row a customer that sums them up."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.ledger.models import Entry
from loyalty.shop.models import Branch


class ImportBatch(models.Model):
    """One file that was brought in."""

    source = models.CharField(_("source"), max_length=40)
    file_name = models.CharField(_("file"), max_length=200)
    file_sha256 = models.CharField(max_length=64)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_refused = models.PositiveIntegerField(_("rows refused"), default=0)
    purchases_known = models.PositiveIntegerField(_("already there"), default=0)
    purchases_added = models.PositiveIntegerField(_("added"), default=0)
    customers_added = models.PositiveIntegerField(_("new customers"), default=0)
    points_added = models.BigIntegerField(_("points issued"), default=0)
    finished_at = models.DateTimeField(_("finished at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name


class Purchase(models.Model):
    # Null: an anonymous sale, which counts for the shop's revenue only.
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="purchases"
    )
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, related_name="+")
    # Who sent the sale, and its own number for it: never recorded twice.
    source = models.CharField(max_length=40)
    reference = models.CharField(_("receipt"), max_length=100)
    request_hash = models.CharField(max_length=64)  # SHA-256 of what was asked.
    amount_minor = models.BigIntegerField(_("amount"))
    # Σ of its refunds, kept by a trigger; what is left of the amount is what reports count.
    refunded_minor = models.BigIntegerField(_("refunded"), default=0, db_default=0)
    # Whether anything of the sale is left; a sale of nothing stands too. Reports count these.
    stands = models.GeneratedField(
        expression=Q(refunded_minor__lt=F("amount_minor")) | Q(amount_minor=0),  # type: ignore[arg-type]  # Stubs lack Q.
        output_field=models.BooleanField(),
        db_persist=True,
    )
    points = models.PositiveIntegerField(_("points"))
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="purchase"
    )
    # What the till was told, so that a retry after hours hears the same. Keys of tiers.
    balance_after = models.BigIntegerField(_("balance after"), default=0)
    tier_before = models.CharField(max_length=40, blank=True)
    tier_after = models.CharField(max_length=40, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"))
    occurred_on = models.DateField(_("day"))  # The same moment's day in the shop.
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.PROTECT, null=True, related_name="purchases"
    )

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        ordering = ["-occurred_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="purchase_once_per_event"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0), name="purchase_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("amount_minor")),
                name="purchase_refunded_at_most_once",
            ),
            models.CheckConstraint(
                condition=Q(points=0, entry__isnull=True)
                | Q(points__gt=0, entry__isnull=False, customer__isnull=False),
                name="purchase_points_have_an_entry",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "occurred_at"], name="purchase_of_customer"),
            models.Index(fields=["occurred_on"], name="purchase_by_day"),
        ]

    def __str__(self) -> str:
        return self.reference


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
    amount_minor = models.BigIntegerField(_("amount"))
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
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_gives_money_back"),
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


class Activity(models.Model):
    """What a customer's purchases come to; equal to asking the purchases, and much cheaper."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="activity"
    )
    first_on = models.DateField(_("first purchase"))
    last_on = models.DateField(_("last purchase"))
    purchases = models.PositiveIntegerField(_("purchases"))
    spend_minor = models.BigIntegerField(_("spent"))

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [
            models.Index(fields=["last_on"], name="activity_by_last_day"),
            models.Index(fields=["first_on"], name="activity_by_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.purchases}"
