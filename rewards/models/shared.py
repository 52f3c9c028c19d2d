"""Vouchers that many may use by one code, and what vouchers took off sales."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.shop.models import Branch
from rewards.models.catalogue import Reward
from rewards.models.terms import Terms
from rewards.models.vouchers import Voucher


class SharedVoucher(models.Model):
    """One code for many: the same reward for each of them, so often and no more."""

    # Capitals and digits: a word for everybody, or letters that nobody guesses.
    code = models.CharField(_("code"), max_length=20, unique=True)
    reward = models.ForeignKey(
        Reward,
        on_delete=models.PROTECT,
        related_name="shared",
        db_constraint=False,  # One with `terms`.
        verbose_name=_("reward"),
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
    starts_on = models.DateField(_("from"), null=True, blank=True)  # Days in the shop.
    expires_on = models.DateField(_("last day"))
    most_uses = models.PositiveIntegerField(_("most in all"), null=True, blank=True)
    most_per_customer = models.PositiveIntegerField(
        _("most a customer"), null=True, blank=True, default=1
    )
    members_only = models.BooleanField(_("members only"), default=False)
    is_active = models.BooleanField(_("offered"), default=True)
    uses = models.PositiveIntegerField(  # Kept by a trigger.
        _("used"), default=0, db_default=0, editable=False
    )
    created_at = models.DateTimeField(_("made at"), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("made by"),
    )

    class Meta:
        verbose_name = _("shared voucher")
        verbose_name_plural = _("shared vouchers")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z0-9]{3,20}$"), name="shared_voucher_code_is_plain"
            ),
            models.CheckConstraint(
                condition=Q(most_uses=None) | Q(uses__lte=F("most_uses"), most_uses__gt=0),
                name="shared_voucher_not_used_too_often",
            ),
            models.CheckConstraint(
                condition=Q(most_per_customer=None) | Q(most_per_customer__gt=0),
                name="shared_voucher_for_somebody",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(starts_on__lte=F("expires_on")),
                name="shared_voucher_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class VoucherUse(models.Model):
    """
    One voucher, used in one sale, and what it took off. Never changed or deleted. Of a shared one
    a trigger counts the uses and refuses one too many.
    """

    voucher = models.OneToOneField(
        Voucher, on_delete=models.PROTECT, null=True, related_name="use", verbose_name=_("voucher")
    )
    shared = models.ForeignKey(
        SharedVoucher,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        verbose_name=_("shared voucher"),
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("customer"),
    )
    # 1, 2, 3, … of this customer with this shared voucher; set by the trigger.
    number = models.PositiveIntegerField(default=1)
    # The sale, and which of its vouchers this was: 1, 2, 3, …
    source = models.CharField(_("source"), max_length=40)
    reference = models.CharField(_("receipt"), max_length=100)
    place = models.PositiveSmallIntegerField()
    minor = models.PositiveBigIntegerField(_("discount"))  # Off the whole bill.
    used_at = models.DateTimeField(_("used at"))
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

    class Meta:
        verbose_name = _("use of a voucher")
        verbose_name_plural = _("uses of vouchers")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(voucher__isnull=False, shared__isnull=True, customer__isnull=False)
                | Q(voucher__isnull=True, shared__isnull=False),
                name="voucher_use_is_of_one_voucher",
            ),
            models.UniqueConstraint(
                fields=["source", "reference", "place"], name="voucher_use_once_a_place"
            ),
            models.UniqueConstraint(
                fields=["shared", "source", "reference"], name="voucher_use_once_a_sale"
            ),
            models.UniqueConstraint(
                fields=["shared", "customer", "number"], name="voucher_use_numbered"
            ),
        ]

    def __str__(self) -> str:
        return self.reference
