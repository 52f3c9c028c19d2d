"""Where a customer stands in the programme, and why."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.programme.models import ProgrammeVersion


class Qualification(models.Model):
    """One event that counts towards a tier. Append-only: spending points never lowers it."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="qualifications", db_index=False
    )
    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=100)
    spend_minor = models.BigIntegerField()  # Below zero for a refund, as `points`.
    points = models.BigIntegerField(default=0, db_default=0)  # Earned by it.
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    # The row this one takes back: it went to another customer, who is the same person. Both count
    # no more; their figures are each other's opposite.
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by"
    )
    # The row this one stands for at another customer; of a chain, the first.
    origin = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

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
    """
    The tier a customer is in: what the qualifications, the rules and a tier given by hand come
    to. It is settled until a day; `rules.Climb.advance` tells of the days since.
    """

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="standing"
    )
    tier_key = models.CharField(_("tier"), max_length=40)
    spend_minor = models.BigIntegerField(_("qualifying spend"))  # Σ of the qualifications.
    points = models.BigIntegerField(_("qualifying points"), db_default=0)
    visits = models.PositiveIntegerField(_("visits"), db_default=0)  # Days with a sale.
    last_visit_on = models.DateField(_("last visit"), null=True)
    since = models.DateTimeField(_("since"))
    # The tier by the rules alone, and through when it is held before it is reviewed.
    earned_key = models.CharField(_("tier earned"), max_length=40, blank=True, db_default="")
    held_through = models.DateField(_("held through"), null=True)
    # The tier given by hand: the customer has no lower one through that day.
    floor_key = models.CharField(_("tier given"), max_length=40, blank=True, db_default="")
    floor_through = models.DateField(_("given through"), null=True)
    counted_at = models.DateTimeField(null=True)  # The newest event that counts.
    settled_on = models.DateField(null=True)
    programme_version = models.ForeignKey(
        ProgrammeVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        indexes = [models.Index(fields=["tier_key"], name="standing_by_tier")]
        constraints = [
            models.CheckConstraint(
                condition=Q(floor_key="", floor_through__isnull=True)
                | (~Q(floor_key="") & Q(floor_through__isnull=False)),
                name="standing_floor_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.tier_key


class TierFloor(models.Model):
    """A tier given by hand, through a day. Append-only: the newest one counts."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tier_floors")
    tier_key = models.CharField(_("tier"), max_length=40)
    through = models.DateField(_("through"))
    reason = models.CharField(_("reason"), max_length=200)
    given_at = models.DateTimeField(_("given at"))
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("given by"),
    )

    class Meta:
        indexes = [models.Index(fields=["customer", "id"], name="tier_floor_in_order")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="tier_floor_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.tier_key} → {self.through}"


class TierChange(models.Model):
    """One move between tiers, with its reason. Append-only."""

    class Reason(models.TextChoices):
        JOINED = "joined", _("First purchase")
        REACHED = "reached", _("Reached the threshold")
        REVIEW = "review", _("Not renewed at the review")
        BELOW = "below", _("Too little counts by now")
        HAND = "hand", _("Given by hand")
        HAND_ENDED = "hand_ended", _("The tier given by hand ended")
        RECOUNTED = "recounted", _("Counted again after a late purchase")
        UNDONE = "undone", _("Counted again without the sales of an import")
        MERGED = "merged", _("Two rows of one customer were merged, or parted again")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tier_changes")
    from_key = models.CharField(max_length=40, blank=True)  # Empty: the first standing.
    to_key = models.CharField(max_length=40)
    reason = models.CharField(max_length=10, choices=Reason)
    spend_minor = models.BigIntegerField()  # All qualifying spend until then.
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
