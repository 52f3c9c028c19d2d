"""Stamps on customers' cards."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from rewards.models.vouchers import Voucher


class StampEntry(models.Model):
    """
    One change of one customer's card. Never changed or deleted; a database trigger refuses that,
    and an entry that does not follow on its forerunner.
    """

    class Kind(models.TextChoices):
        EARNED = "earned", _("Stamped")
        FULL = "full", _("Card full")
        LAPSED = "lapsed", _("Card lapsed")
        RETURNED = "returned", _("Taken back for returned goods")
        REOPENED = "reopened", _("Reward cancelled, stamps back")
        MOVED = "moved", _("Carried over to the kept customer")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="stamps")
    card = models.CharField(_("card"), max_length=40)  # Its key in the programme.
    number = models.PositiveIntegerField(_("number"))  # 1, 2, 3, … of this customer and card.
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    stamps = models.IntegerField(_("stamps"))  # Signed.
    stamps_after = models.IntegerField(_("stamps after"))  # Below zero: owed after a return.
    # The day of the first stamp that the card still has; null while it has none.
    began_on = models.DateField(_("begun on"), null=True)
    # The sale that stamped or filled the card, or the refund that took stamps back.
    source = models.CharField(_("source"), max_length=40)
    reference = models.CharField(_("reference"), max_length=100)
    # What a full card gave, or what was cancelled again.
    voucher = models.ForeignKey(
        Voucher,
        on_delete=models.PROTECT,
        null=True,
        related_name="stamp_entries",
        verbose_name=_("voucher"),
    )
    # Of stamps that were taken back: those of the sale.
    returns = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="returned"
    )
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("stamps")
        verbose_name_plural = _("stamps")
        ordering = ["customer", "card", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "card", "number"], name="stamp_number_unique"
            ),
            # A sale stamps a card once; a card that is full is a voucher of its own.
            models.UniqueConstraint(
                fields=["card", "source", "reference"],
                condition=Q(kind="earned"),
                name="stamp_once_per_sale",
            ),
            models.UniqueConstraint(
                fields=["voucher", "kind"],
                condition=Q(voucher__isnull=False),
                name="stamp_voucher_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="earned", stamps__gt=0)
                | Q(kind="reopened", stamps__gt=0)
                | Q(kind__in=["full", "lapsed", "returned"], stamps__lt=0)
                | (Q(kind="moved") & ~Q(stamps=0)),
                name="stamp_sign_matches_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["full", "reopened"], voucher__isnull=False)
                | (~Q(kind__in=["full", "reopened"]) & Q(voucher__isnull=True)),
                name="stamp_full_card_has_a_voucher",
            ),
            models.CheckConstraint(
                condition=Q(kind="returned", returns__isnull=False)
                | (~Q(kind="returned") & Q(returns__isnull=True)),
                name="stamp_return_names_its_sale",
            ),
            # Only what comes back leaves a customer owing stamps.
            models.CheckConstraint(
                condition=~Q(kind__in=["full", "lapsed"]) | Q(stamps_after__gte=0),
                name="stamp_full_card_was_full",
            ),
            models.CheckConstraint(
                condition=Q(stamps_after__gt=0, began_on__isnull=False)
                | Q(stamps_after__lte=0, began_on__isnull=True),
                name="stamp_card_has_a_first_day",
            ),
            models.CheckConstraint(
                condition=~Q(number=1) | Q(stamps_after=F("stamps")),
                name="stamp_first_starts_from_zero",
            ),
        ]
        indexes = [
            models.Index(fields=["source", "reference"], name="stamp_of_sale"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.get_kind_display()} {self.stamps:+d}"
