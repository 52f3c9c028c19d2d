"""
The point ledger.

Points move only by adding an Entry; entries are never changed or deleted. A credit opens a
Lot, the part of it that is left and the last day it can be used; a debit takes from lots,
and each taking is an Allocation. Amounts are whole points, signed from the customer's side.

All writing happens in the SQL functions of migration 0002: the role the product runs as may
only read these tables. The chain of foreign keys below proves the balances: an entry names
its forerunner together with the balance it left, and the account names its newest entry.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import NullIf
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.programme.models import ProgrammeVersion

MAX_POINTS = 10**9  # Of one entry.


class Account(models.Model):
    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="account"
    )
    # Both equal the newest entry's values (a foreign key holds them to it).
    balance = models.BigIntegerField(_("balance"), default=0, editable=False)
    last_number = models.PositiveIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(condition=Q(balance__gte=0), name="account_not_overdrawn"),
            models.CheckConstraint(
                condition=Q(last_number__isnull=False) | Q(balance=0),
                name="account_without_entries_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.balance}"


class Entry(models.Model):
    class Kind(models.TextChoices):
        EARN = "earn", _("Earned")
        REDEEM = "redeem", _("Redeemed")
        EXPIRE = "expire", _("Expired")
        ADJUST = "adjust", _("Adjusted")
        REVERSE = "reverse", _("Reversed")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField()  # 1, 2, 3, … within the account; no gaps.
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    points = models.BigIntegerField(_("points"))
    balance_after = models.BigIntegerField(_("balance after"))
    # Who sent the event, and its own name for it: an event posts at most one entry of a kind.
    source = models.CharField(_("source"), max_length=40)
    reference = models.CharField(_("reference"), max_length=100)
    programme_version = models.ForeignKey(
        ProgrammeVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    explanation = models.JSONField(_("explanation"), default=dict)  # How the points came about.
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reversals"
    )
    occurred_at = models.DateTimeField(_("occurred at"))  # When it happened in the shop.
    recorded_at = models.DateTimeField(_("recorded at"))  # When we learned of it.
    # Null means the product did it (expiry, an import).
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The two ends of the chain; see the module's docstring.
    previous_number = models.GeneratedField(
        expression=NullIf(F("number") - Value(1), Value(0)),
        output_field=models.PositiveIntegerField(null=True),
        db_persist=True,
    )
    balance_before = models.GeneratedField(
        expression=F("balance_after") - F("points"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["account", "number"]
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="entry_number_unique"),
            models.UniqueConstraint(
                fields=["account", "number", "balance_after"], name="entry_chain_target"
            ),
            models.UniqueConstraint(
                fields=["source", "reference", "kind"], name="entry_once_per_event"
            ),
            models.CheckConstraint(
                condition=Q(number__gt=1) | Q(number=1, balance_after=F("points")),
                name="entry_first_starts_from_zero",
            ),
            models.CheckConstraint(
                condition=Q(kind="earn", points__gt=0)
                | Q(kind__in=["redeem", "expire"], points__lt=0)
                | (Q(kind__in=["adjust", "reverse"]) & ~Q(points=0)),
                name="entry_sign_matches_kind",
            ),
            models.CheckConstraint(
                condition=Q(points__range=(-MAX_POINTS, MAX_POINTS)), name="entry_points_bounded"
            ),
            models.CheckConstraint(condition=Q(balance_after__gte=0), name="entry_never_overdraws"),
            models.CheckConstraint(
                condition=Q(kind="reverse", reverses__isnull=False)
                | (~Q(kind="reverse") & Q(reverses__isnull=True)),
                name="entry_reverse_names_its_entry",
            ),
            models.CheckConstraint(
                condition=~Q(kind="adjust") | (Q(recorded_by__isnull=False) & ~Q(reason="")),
                name="entry_adjust_has_actor_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.kind} {self.points:+d}"


class Lot(models.Model):
    """What is left of a credit."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="lot")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots")
    points = models.BigIntegerField(_("points"))
    # points − Σ allocations; only the trigger on Allocation moves it.
    remaining = models.BigIntegerField(_("remaining"))
    expires_on = models.DateField(_("last day"), null=True)  # Usable through it. Null: for ever.

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("points"), points__gt=0),
                name="lot_never_overspent",
            ),
        ]
        indexes = [
            # Only open lots, so that spending stays as fast for a customer with thousands of
            # spent ones. The price, knowingly paid: updating `remaining` is never heap-only.
            models.Index(
                fields=["account", "expires_on", "id"],
                name="lot_spending_order",
                condition=Q(remaining__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remaining}/{self.points}"


class Allocation(models.Model):
    """Points a debit took from a lot; negative ones went back into it."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="allocations")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="allocations")
    points = models.BigIntegerField(_("points"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "lot"], name="allocation_once"),
            models.CheckConstraint(condition=~Q(points=0), name="allocation_moves_points"),
        ]

    def __str__(self) -> str:
        return f"{self.points}"
