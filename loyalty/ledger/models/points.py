"""
The point ledger.

Points move only by adding an Entry; entries are never changed or deleted. A credit opens a
Lot, the part of it that is left and the days it can be used; a debit takes from lots, and
each taking is an Allocation. What a reversal takes back but finds in no lot is a Debt, which
the next points repay: a customer has points or owes some, never both. Amounts are whole
points, signed from the customer's side.

All writing happens in the SQL functions of migration 0006: the role the product runs as may
only read these tables. The chain of foreign keys below proves the balances: an entry names
its forerunner together with the balance it left, and the account names its newest entry.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import NullIf
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
    # The customer was merged into another: a trigger refuses every further entry.
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    # Where purchases keep points alive: no lot ends before that day. Null: there is no such rule.
    active_until = models.DateField(_("active until"), null=True, editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(
                condition=Q(balance__gte=-MAX_POINTS), name="account_debt_bounded"
            ),
            models.CheckConstraint(
                condition=Q(last_number__isnull=False) | Q(balance=0),
                name="account_without_entries_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(balance=0), name="account_closed_is_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Entry(models.Model):
    class Kind(models.TextChoices):
        EARN = "earn", _("Earned")
        REDEEM = "redeem", _("Redeemed")
        EXPIRE = "expire", _("Expired")
        ADJUST = "adjust", _("Adjusted")
        REVERSE = "reverse", _("Reversed")
        MERGE = "merge", _("Carried over")  # From or to another account of the same customer.

    # No index of its own: the unique keys below begin with it.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    number = models.PositiveIntegerField()  # 1, 2, 3, … within the account; no gaps.
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    points = models.BigIntegerField(_("points"))
    balance_after = models.BigIntegerField(_("balance after"))
    # Who sent the event, and its own name for it: an event posts at most one entry of a kind.
    source = models.CharField(_("source"), max_length=40)
    reference = models.CharField(_("reference"), max_length=100)
    programme_version = models.ForeignKey(
        ProgrammeVersion, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    explanation = models.JSONField(_("explanation"), default=dict)  # How the points came about.
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reversals", db_index=False
    )
    occurred_at = models.DateTimeField(_("occurred at"))  # When it happened in the shop.
    recorded_at = models.DateTimeField(_("recorded at"))  # When we learned of it.
    # Null means the product did it (expiry, an import).
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    # Who agreed to an adjustment above what its author may decide alone.
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
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
        # Of two texts, one with a plural form, Python 3.11.2 would not find this one.
        verbose_name = pgettext_lazy("ledger", "entry")
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
                | (Q(kind__in=["adjust", "reverse", "merge"]) & ~Q(points=0)),
                name="entry_sign_matches_kind",
            ),
            models.CheckConstraint(
                condition=Q(points__range=(-MAX_POINTS, MAX_POINTS)), name="entry_points_bounded"
            ),
            # Only a reversal leaves a customer owing points; a merge carries what is owed.
            models.CheckConstraint(
                condition=~Q(kind__in=["redeem", "expire"]) | Q(balance_after__gte=0),
                name="entry_spending_never_overdraws",
            ),
            models.CheckConstraint(
                condition=Q(kind="merge")  # One that undoes a merge names what it undoes.
                | Q(kind="reverse", reverses__isnull=False)
                | (~Q(kind="reverse") & Q(reverses__isnull=True)),
                name="entry_reverse_names_its_entry",
            ),
            models.CheckConstraint(
                condition=~Q(kind="adjust") | (Q(recorded_by__isnull=False) & ~Q(reason="")),
                name="entry_adjust_has_actor_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (Q(kind="adjust") & ~Q(approved_by=F("recorded_by"))),
                name="entry_approver_is_another_person",
            ),
        ]
        # Each index is paid for at every sale. Versions and staff are not asked for their entries.
        indexes = [
            models.Index(
                fields=["reverses"], name="entry_reversal_of", condition=Q(reverses__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.get_kind_display()} {self.points:+d}"


class Lot(models.Model):
    """What is left of a credit."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="lot")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots")
    points = models.BigIntegerField(_("points"))
    # points − Σ allocations; only the trigger on Allocation moves it.
    remaining = models.BigIntegerField(_("remaining"))
    usable_from = models.DateField(_("first day"), null=True)  # Null: at once.
    # The last day it was promised for; the account's `active_until` may be later, and then counts.
    # Null: for ever.
    expires_on = models.DateField(_("last day"), null=True)
    # The day it came to its end, kept when a purchase after that made the account active anew.
    ended_on = models.DateField(_("ended on"), null=True, editable=False)
    # The lot of a merged account that this one continues; of a chain, the first.
    origin = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="continued_by",
        db_index=False,
        editable=False,
    )

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("points"), points__gt=0),
                name="lot_never_overspent",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("expires_on")),
                name="lot_ends_no_sooner_than_promised",
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
            models.Index(
                fields=["origin"], name="lot_of_origin", condition=Q(origin__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.remaining}/{self.points}"


class Debt(models.Model):
    """What a reversal was due and found in no lot: the customer owes it to the shop."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="debt")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debts")
    points = models.BigIntegerField(_("points"))
    remaining = models.BigIntegerField(_("remaining"))  # Only the trigger on Allocation moves it.
    floor = models.BigIntegerField()  # How low the balance might fall by the rules of that day.

    class Meta:
        verbose_name = _("debt")
        verbose_name_plural = _("debts")
        constraints = [
            models.CheckConstraint(
                condition=Q(remaining__gte=0, remaining__lte=F("points"), points__gt=0),
                name="debt_never_overpaid",
            ),
            models.CheckConstraint(condition=Q(floor__lt=0), name="debt_was_allowed"),
        ]
        indexes = [
            models.Index(fields=["account"], name="debt_open", condition=Q(remaining__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.remaining}/{self.points}"


class Allocation(models.Model):
    """
    Points an entry took from a lot: to spend them, or to repay a debt. Negative ones went back
    into the lot.
    """

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="allocations")
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="allocations", db_index=False
    )
    debt = models.ForeignKey(
        Debt, on_delete=models.PROTECT, null=True, related_name="repayments", db_index=False
    )
    points = models.BigIntegerField(_("points"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "lot", "debt"], name="allocation_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(points=0), name="allocation_moves_points"),
            models.CheckConstraint(
                condition=Q(debt__isnull=True) | Q(points__gt=0), name="allocation_repays"
            ),
        ]
        indexes = [
            models.Index(
                fields=["debt"], name="allocation_of_debt", condition=Q(debt__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points}"
