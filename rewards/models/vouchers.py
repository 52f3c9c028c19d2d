"""What points bought: the redemptions, and the vouchers they issue."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.ledger.models import Entry
from loyalty.shop.models import Branch
from rewards.models.catalogue import Reward
from rewards.models.terms import Terms


class Redemption(models.Model):
    """One spending of points on a reward."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="redemptions", db_index=False
    )
    reward = models.ForeignKey(
        Reward, on_delete=models.PROTECT, related_name="redemptions", db_index=False
    )
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="redemption")
    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=100)
    cost_points = models.PositiveIntegerField(_("cost in points"))  # As it was on that day.
    redeemed_at = models.DateTimeField(_("redeemed at"))
    # The entry that gave the points back, when it was cancelled.
    cancelling_entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="cancelled_redemption"
    )

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "reference"], name="redemption_once_per_event"
            ),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="redemption_newest")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Voucher(models.Model):
    """The right to one reward, shown at the counter as a code or a QR picture."""

    class State(models.TextChoices):
        ISSUED = "issued", _("Ready to use")
        USED = "used", _("Used")
        EXPIRED = "expired", _("Expired")
        CANCELLED = "cancelled", _("Cancelled")

    # What points bought; null for one that a full stamp card, a purchase or a return gave.
    redemption = models.OneToOneField(
        Redemption, on_delete=models.PROTECT, null=True, related_name="voucher"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="vouchers", db_index=False
    )
    reward = models.ForeignKey(
        Reward,
        on_delete=models.PROTECT,
        related_name="vouchers",
        db_index=False,
        db_constraint=False,  # One with `terms`.
    )
    # What it is worth, and where, however the reward changes. The database holds both together.
    terms = models.ForeignKey(
        Terms,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
    )
    code = models.CharField(_("code"), max_length=8)  # Said aloud or typed.
    token = models.CharField(max_length=22)  # In the QR picture: 128 random bits.
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ISSUED)
    issued_at = models.DateTimeField(_("issued at"))
    usable_from = models.DateField(_("usable from"), null=True)  # Null: at once.
    expires_on = models.DateField(_("last day"))  # Usable through it.
    used_at = models.DateTimeField(_("used at"), null=True)
    used_branch = models.ForeignKey(
        Branch,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("used in"),
    )
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    used_reference = models.CharField(max_length=100, blank=True)  # Of the request that used it.
    # Grows with every change of state, over all vouchers (a trigger sets it): who wants to know what
    # became of vouchers asks for what is above the last number seen. Null: as issued.
    revision = models.BigIntegerField(null=True, editable=False)

    # The use in a sale that was wholly undone afterwards: this voucher is given back for it.
    replaces = models.ForeignKey(
        "VoucherUse",
        on_delete=models.PROTECT,
        null=True,
        related_name="replacements",
        db_index=False,
    )
    # The coupon rule of the programme that gave it with a sale, and that sale; else empty.
    coupon = models.CharField(max_length=40, blank=True, default="", db_default="")
    source = models.CharField(max_length=40, blank=True, default="", db_default="")
    reference = models.CharField(max_length=100, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "reference", "coupon"],
                condition=~Q(coupon="") & Q(replaces__isnull=True),
                name="voucher_coupon_once_a_sale",
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(replaces__isnull=False),
                name="voucher_replaces_once",
            ),
            # Not `unique=True`: that brings a second index for LIKE.
            models.UniqueConstraint(fields=["code"], name="voucher_code_unique"),
            models.UniqueConstraint(fields=["token"], name="voucher_token_unique"),
            models.CheckConstraint(
                condition=Q(state="used", used_at__isnull=False, used_at__gte=F("issued_at"))
                | (~Q(state="used") & Q(used_at__isnull=True, used_by__isnull=True)),
                name="voucher_used_exactly_when_used",
            ),
            models.CheckConstraint(
                condition=Q(usable_from__isnull=True) | Q(usable_from__lte=F("expires_on")),
                name="voucher_usable_before_it_ends",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "state"], name="voucher_of_customer"),
            models.Index(
                fields=["revision"], name="voucher_changed", condition=Q(revision__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"  # Pages show it as a name: the code is for its customer.
