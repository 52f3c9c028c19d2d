"""What points buy: the catalogue."""

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from rewards.models.pictures import Picture
from rewards.models.terms import Promised, Terms

USUAL_DAYS = 30  # That a voucher is valid, where nothing else is said.


class Reward(Promised):
    class Per(models.TextChoices):
        DAY = "day", _("A day")
        WEEK = "week", _("A week")
        MONTH = "month", _("A month")
        YEAR = "year", _("A year")
        EVER = "ever", _("Ever")

    key = models.SlugField(_("key"), max_length=40, unique=True)  # What load_catalogue matches.
    cost_points = models.PositiveIntegerField(_("cost in points"))
    icon = models.CharField(_("icon"), max_length=20, default="gift")  # A symbol of icons.svg.
    # Instead of the icon.
    picture = models.ForeignKey(
        Picture, on_delete=models.PROTECT, null=True, blank=True, related_name="rewards"
    )
    stock = models.PositiveIntegerField(_("in stock"), null=True, blank=True)  # Null: unlimited.
    # What was there when it was last filled, and what had been redeemed by then: the stock is this
    # less the redemptions that stand. So it can be proved.
    stocked = models.PositiveIntegerField(null=True, editable=False)
    most_per_customer = models.PositiveIntegerField(_("most a customer"), null=True, blank=True)
    most_per = models.CharField(_("in"), max_length=5, choices=Per, blank=True)
    most_total = models.PositiveIntegerField(_("most in all"), null=True, blank=True)
    # How many redemptions stand. Counted only under a `most_total`: else nobody waits for this row.
    redeemed_total = models.PositiveIntegerField(_("redeemed"), null=True, editable=False)
    starts_on = models.DateField(_("from"), null=True, blank=True)  # Days in the shop.
    ends_on = models.DateField(_("to"), null=True, blank=True)  # The last one.
    # Customers of these tiers may redeem it so many days before `starts_on`.
    early_tiers = ArrayField(
        models.CharField(max_length=40), verbose_name=_("early for"), default=list, blank=True
    )
    early_days = models.PositiveSmallIntegerField(_("days early"), null=True, blank=True)
    # Keys of the programme's tiers. Empty: all.
    tiers = ArrayField(
        models.CharField(max_length=40), verbose_name=_("tiers"), default=list, blank=True
    )
    usable_after_days = models.PositiveSmallIntegerField(_("usable after days"), default=0)
    # How long a voucher is good: so many days, or until a day that is the same for all.
    validity_days = models.PositiveSmallIntegerField(
        _("days a voucher is valid"), default=USUAL_DAYS, null=True, blank=True
    )
    valid_until = models.DateField(_("vouchers valid until"), null=True, blank=True)
    # What vouchers issued now keep: a row equal to the columns of Promised. A trigger sets it, and the
    # database holds it to be the reward's own.
    terms = models.ForeignKey(
        Terms,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
        db_default=Value(0),
        editable=False,
    )
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
                condition=Q(kind="discount_percent", percent__isnull=False, percent__range=(1, 100))
                | (~Q(kind="discount_percent") & Q(percent=None, most_minor=None)),
                name="reward_percent_exactly_for_percent_off",
            ),
            models.CheckConstraint(
                condition=Q(most_minor=None) | Q(most_minor__gt=0), name="reward_cap_is_some_money"
            ),
            models.CheckConstraint(
                condition=Q(most_per_customer=None, most_per="")
                | (Q(most_per_customer__isnull=False, most_per_customer__gt=0) & ~Q(most_per="")),
                name="reward_limit_says_in_what_time",
            ),
            models.CheckConstraint(
                condition=Q(most_total=None, redeemed_total=None)
                | Q(redeemed_total__isnull=False, most_total__gte=F("redeemed_total")),
                name="reward_total_never_passed",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="reward_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(early_tiers=[], early_days=None)
                | (
                    ~Q(early_tiers=[])
                    & Q(early_days__isnull=False, early_days__gt=0, starts_on__isnull=False)
                ),
                name="reward_early_access_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None, validity_days__isnull=False, validity_days__gt=0)
                | Q(validity_days=None, valid_until__isnull=False),
                name="reward_vouchers_end_one_way",
            ),
            models.CheckConstraint(
                condition=Q(validity_days=None) | Q(usable_after_days__lte=F("validity_days")),
                name="reward_vouchers_usable_before_they_end",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def usable_from(self, issued_on: date) -> date | None:
        """The first day of a voucher issued that day; None: it can be used at once."""
        if not self.usable_after_days:
            return None
        return issued_on + timedelta(days=self.usable_after_days)

    def last_day(self, issued_on: date) -> date:
        """
        The last day of a voucher issued that day. One that was promised after `valid_until`, for
        a full stamp card, is good for the usual time.
        """
        first = self.usable_from(issued_on) or issued_on
        if self.validity_days is not None:
            return issued_on + timedelta(days=self.validity_days)
        if self.valid_until is not None and self.valid_until >= first:
            return self.valid_until
        return first + timedelta(days=USUAL_DAYS)
