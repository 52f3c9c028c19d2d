"""What points buy: the catalogue, the redemptions, and the vouchers they issue."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.ledger.models import Entry
from loyalty.shop.models import Branch


class Reward(models.Model):
    class Kind(models.TextChoices):
        FREE_ITEM = "free_item", _("Free item")
        DISCOUNT_AMOUNT = "discount_amount", _("Money off")
        GIFT = "gift", _("Gift")

    key = models.SlugField(_("key"), max_length=40, unique=True)  # What load_catalogue matches.
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    description_en = models.CharField(_("description in English"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.FREE_ITEM)
    cost_points = models.PositiveIntegerField(_("cost in points"))
    # What a discount takes off, or what the item is worth; minor units of the shop's currency.
    value_minor = models.PositiveBigIntegerField(_("worth"), default=0)
    minimum_minor = models.PositiveBigIntegerField(_("smallest bill"), default=0)
    icon = models.CharField(_("icon"), max_length=20, default="gift")  # A symbol of icons.svg.
    stock = models.PositiveIntegerField(_("in stock"), null=True, blank=True)  # Null: unlimited.
    validity_days = models.PositiveSmallIntegerField(_("days a voucher is valid"), default=30)
    is_active = models.BooleanField(_("offered"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        ordering = ["position", "cost_points", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(cost_points__gt=0), name="reward_costs_points"),
            models.CheckConstraint(
                condition=~Q(kind="discount_amount") | Q(value_minor__gt=0),
                name="reward_discount_has_an_amount",
            ),
            models.CheckConstraint(
                condition=Q(validity_days__gt=0), name="reward_voucher_is_valid_some_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name


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

    # What points bought; null for one that a full stamp card gave.
    redemption = models.OneToOneField(
        Redemption, on_delete=models.PROTECT, null=True, related_name="voucher"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="vouchers", db_index=False
    )
    reward = models.ForeignKey(
        Reward, on_delete=models.PROTECT, related_name="vouchers", db_index=False
    )
    code = models.CharField(_("code"), max_length=8)  # Said aloud or typed.
    token = models.CharField(max_length=22)  # In the QR picture: 128 random bits.
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ISSUED)
    issued_at = models.DateTimeField(_("issued at"))
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

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ["-pk"]
        constraints = [
            # Not `unique=True`: that brings a second index for LIKE.
            models.UniqueConstraint(fields=["code"], name="voucher_code_unique"),
            models.UniqueConstraint(fields=["token"], name="voucher_token_unique"),
            models.CheckConstraint(
                condition=Q(
                    state="used",
                    used_at__isnull=False,
                    used_by__isnull=False,
                    used_at__gte=F("issued_at"),
                )
                | (~Q(state="used") & Q(used_at__isnull=True, used_by__isnull=True)),
                name="voucher_used_exactly_when_used",
            ),
        ]
        indexes = [models.Index(fields=["customer", "state"], name="voucher_of_customer")]

    def __str__(self) -> str:
        return f"{self.code[:4]} {self.code[4:]}"
