"""Sales as the till told them, with what the rules of the day made of them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Round
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
    rows_cancelled = models.PositiveIntegerField(_("cancelled sales"), default=0)
    purchases_known = models.PositiveIntegerField(_("already there"), default=0)
    purchases_added = models.PositiveIntegerField(_("added"), default=0)
    refunds_added = models.PositiveIntegerField(_("returns"), default=0)
    customers_added = models.PositiveIntegerField(_("new customers"), default=0)
    points_added = models.BigIntegerField(_("points issued"), default=0)
    # Null: it is running, or was stopped; the same file goes on where it stood.
    finished_at = models.DateTimeField(_("finished at"), null=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_by__isnull=True) | Q(undone_at__isnull=False),
                name="import_is_undone_by_somebody_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class Purchase(models.Model):
    # Null: an anonymous sale, which counts for the shop's revenue only.
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="purchases", db_index=False
    )
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Who sent the sale, and its own number for it: never recorded twice.
    source = models.CharField(max_length=40)
    reference = models.CharField(_("receipt"), max_length=100)
    request_hash = models.CharField(max_length=64)  # SHA-256 of what was asked.
    # What is paid for the goods: after every discount, before points that pay, shipping apart.
    amount_minor = models.BigIntegerField(_("amount"))
    discount_minor = models.BigIntegerField(_("discount"), default=0, db_default=0)
    # What the programme and vouchers took off, as `writing` keeps it.
    discounts = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    shipping_minor = models.BigIntegerField(_("shipping"), default=0, db_default=0)
    free_shipping = models.BooleanField(_("free shipping"), default=False, db_default=False)
    channel = models.CharField(_("channel"), max_length=40, blank=True, db_default="")
    # The part of the amount that does not count for the customer's tier.
    uncounted_minor = models.BigIntegerField(default=0, db_default=0)
    # What counts where tiers go by points; null: as many as it earned.
    tier_points = models.PositiveIntegerField(null=True)
    # The part of the amount that was paid with points.
    spent_points = models.PositiveIntegerField(_("points used"), default=0, db_default=0)
    spent_minor = models.BigIntegerField(_("paid with points"), default=0, db_default=0)
    spent_entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="paid_purchase"
    )
    # Σ of its refunds, kept by a trigger; what is left of the amount is what reports count.
    refunded_minor = models.BigIntegerField(_("refunded"), default=0, db_default=0)
    voided = models.BooleanField(default=False, db_default=False)  # By a trigger, as the above.
    # Whether anything of the sale is left; a sale of nothing stands too, until it is voided.
    # Reports count these.
    stands = models.GeneratedField(
        expression=(Q(refunded_minor__lt=F("amount_minor")) | Q(amount_minor=0)) & Q(voided=False),  # type: ignore[arg-type]  # Stubs lack Q.
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
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    batch = models.ForeignKey(
        ImportBatch, on_delete=models.PROTECT, null=True, related_name="purchases", db_index=False
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
            models.CheckConstraint(
                condition=Q(spent_points=0, spent_minor=0, spent_entry__isnull=True)
                | Q(
                    spent_points__gt=0,
                    spent_minor__gt=0,
                    spent_minor__lte=F("amount_minor"),
                    spent_entry__isnull=False,
                    customer__isnull=False,
                ),
                name="purchase_spent_points_have_an_entry",
            ),
            models.CheckConstraint(
                condition=Q(discount_minor__gte=0, shipping_minor__gte=0)
                & Q(uncounted_minor__range=(0, F("amount_minor"))),
                name="purchase_parts_are_possible",
            ),
        ]
        # Each index is paid for at every sale: none for what nobody asks.
        indexes = [
            models.Index(fields=["customer", "occurred_at"], name="purchase_of_customer"),
            models.Index(fields=["occurred_on"], name="purchase_by_day"),
            models.Index(
                fields=["batch"], name="purchase_of_batch", condition=Q(batch__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class PurchaseLine(models.Model):
    """One line of a bill, as it was told and as it was paid. Append-only but for its refunds."""

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()  # 1, 2, 3, … as on the bill.
    sku = models.CharField(_("article"), max_length=100, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    category = models.CharField(_("category"), max_length=100, blank=True)
    labels = ArrayField(models.CharField(max_length=100), default=list)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    # Of these, whole units that a rule or a voucher made free.
    free_units = models.PositiveIntegerField(default=0, db_default=0)
    unit_price_minor = models.BigIntegerField(_("price"))
    till_discount_minor = models.BigIntegerField()  # Off the whole line, as the till told it.
    discount_minor = models.BigIntegerField(_("discount"))  # Off it by the programme.
    tax_minor = models.BigIntegerField(_("tax"))  # The part of `net_minor` that is tax.
    net_minor = models.BigIntegerField(_("amount"))  # What is paid for it, as the purchase's.
    premium = models.BooleanField()
    earns = models.BooleanField()
    counts_for_tier = models.BooleanField()
    points = models.PositiveIntegerField(_("points"))  # Its share of the purchase's.
    # Σ of its refunds, kept by a trigger.
    refunded_minor = models.BigIntegerField(default=0, db_default=0)
    refunded_quantity = models.DecimalField(
        max_digits=12, decimal_places=3, default=0, db_default=0
    )

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["purchase_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["purchase", "number"], name="purchase_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, unit_price_minor__gte=0, till_discount_minor__gte=0)
                & Q(discount_minor__gte=0, net_minor__gte=0)
                & Q(tax_minor__range=(0, F("net_minor"))),
                name="purchase_line_is_possible",
            ),
            models.CheckConstraint(
                condition=Q(
                    net_minor=Round(F("unit_price_minor") * F("quantity"))
                    - F("till_discount_minor")
                    - F("discount_minor")
                ),
                name="purchase_line_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(refunded_minor__range=(0, F("net_minor")))
                & Q(refunded_quantity__range=(0, F("quantity"))),
                name="purchase_line_refunded_at_most_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.sku or f"{self.number}"


class PurchasePayment(models.Model):
    """A part of what was due, as the till says it was paid. Append-only; they sum to what was due."""

    purchase = models.ForeignKey(
        Purchase, on_delete=models.PROTECT, related_name="payments", db_index=False
    )
    number = models.PositiveSmallIntegerField()  # 1, 2, 3, … as told.
    method = models.CharField(_("paid by"), max_length=40)  # What the till calls it.
    amount_minor = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["purchase_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["purchase", "number"], name="purchase_payment_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0), name="purchase_payment_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.method
