"""Where a customer stands in the programme, and why."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.programme.models import ProgrammeVersion


class Qualification(models.Model):
    """One event that counts towards a tier. Append-only: spending points never lowers it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="qualifications")
    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=100)
    spend_minor = models.BigIntegerField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "reference"], name="qualification_once_per_event"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "occurred_at"], name="qualification_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.spend_minor:+d}"


class Standing(models.Model):
    """The tier a customer is in now: what the qualifications and the rules come to."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="standing"
    )
    tier_key = models.CharField(_("tier"), max_length=40)
    spend_minor = models.BigIntegerField(_("qualifying spend"))  # Σ of the qualifications.
    since = models.DateTimeField(_("since"))
    programme_version = models.ForeignKey(
        ProgrammeVersion, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        indexes = [models.Index(fields=["tier_key"], name="standing_by_tier")]

    def __str__(self) -> str:
        return self.tier_key


class TierChange(models.Model):
    """One move between tiers, with its reason. Append-only."""

    class Reason(models.TextChoices):
        JOINED = "joined", _("First purchase")
        REACHED = "reached", _("Reached the threshold")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tier_changes")
    from_key = models.CharField(max_length=40, blank=True)  # Empty: the first standing.
    to_key = models.CharField(max_length=40)
    reason = models.CharField(max_length=10, choices=Reason)
    spend_minor = models.BigIntegerField()  # The qualifying spend that caused it.
    programme_version = models.ForeignKey(
        ProgrammeVersion, on_delete=models.PROTECT, related_name="+"
    )
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_key=models.F("to_key")), name="tier_change_moves"
            ),
        ]
        indexes = [models.Index(fields=["customer", "id"], name="tier_change_in_order")]

    def __str__(self) -> str:
        return f"{self.from_key} → {self.to_key}"
