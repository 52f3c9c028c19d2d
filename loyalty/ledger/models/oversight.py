"""What people decide about points: adjustments by staff, and freezes for them to lift."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loyalty.ledger.models.points import MAX_POINTS, Account, Entry


class Freeze(models.Model):
    """
    The proof found this account broken: nothing is redeemed from it until a person has looked
    and lifted the freeze. Nothing repairs itself.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="freezes")
    rule = models.CharField(_("broken rule"), max_length=200)
    frozen_at = models.DateTimeField(_("frozen at"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="freeze_one_at_a_time", condition=Q(lifted_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lifted_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_reason="")),
                name="freeze_lifted_by_somebody_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.rule


class Adjustment(models.Model):
    """
    Points that staff add or take by hand. Within the author's limit they are posted at once;
    above it they wait until a second person agrees.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a second person")
        POSTED = "posted", _("Posted")
        DECLINED = "declined", _("Declined")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="adjustments")
    points = models.BigIntegerField(_("points"))  # Signed.
    expires_on = models.DateField(_("last day"), null=True)  # Of added points. Null: for ever.
    reason = models.CharField(_("reason"), max_length=200)
    source = models.CharField(_("source"), max_length=40)
    reference = models.CharField(_("reference"), max_length=100)
    limit_points = models.BigIntegerField(_("limit"))  # The author's, on that day.
    requested_at = models.DateTimeField(_("asked at"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(_("state"), max_length=10, choices=State)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="adjustment"
    )

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "reference"], name="adjustment_once_per_event"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(points=0) & Q(points__range=(-MAX_POINTS, MAX_POINTS)),
                name="adjustment_moves_points",
            ),
            models.CheckConstraint(
                condition=Q(points__gt=0) | Q(expires_on__isnull=True),
                name="adjustment_only_added_points_end",
            ),
            models.CheckConstraint(
                condition=Q(state="posted", entry__isnull=False)
                | (~Q(state="posted") & Q(entry__isnull=True)),
                name="adjustment_posted_exactly_with_an_entry",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True, decided_at__isnull=True)
                | (Q(decided_at__isnull=False) & ~Q(decided_by=F("requested_by"))),
                name="adjustment_decided_by_another_person",
            ),
            models.CheckConstraint(
                condition=~Q(state="posted")
                | Q(decided_by__isnull=False)
                | (Q(points__lte=F("limit_points")) & Q(points__gte=-F("limit_points"))),
                name="adjustment_above_the_limit_has_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points:+d}"
