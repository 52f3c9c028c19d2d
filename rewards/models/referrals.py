"""Who brought whom, and what both got for it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.ledger.models import Entry
from loyalty.programme.models import ProgrammeVersion


class ReferralCode(models.Model):
    """What a member tells a friend. Made when it is first asked for."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="referral_code"
    )
    code = models.CharField(max_length=7, unique=True)

    def __str__(self) -> str:
        return self.code


class Referral(models.Model):
    """
    One friend brought by one member. A database trigger refuses to delete it, to change who
    brought whom, and every step but those from one state to the next.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Waits for the friend's first purchase")
        HELD = "held", _("Waits for a manager")
        DUE = "due", _("Waits for its day")
        PAID = "paid", _("Points paid")
        REFUSED = "refused", _("Refused")
        TAKEN_BACK = "taken_back", _("Taken back")

    class Reason(models.TextChoices):
        """Why it is held, refused or taken back, or why the member got nothing."""

        SAME_EMAIL = "same_email", _("Member and friend have the same e-mail")
        SAME_PERSON = "same_person", _("Member and friend have the same name and birthday")
        STAFF = "staff", _("Member or friend has the e-mail of one of the staff")
        MANY_A_DAY = "many_a_day", _("The member brought many friends on that day")
        ONE_CASHIER = (
            "one_cashier",
            _("One cashier enrolled many friends and sold to them that day"),
        )
        NOT_NEW = "not_new", _("The friend had bought here before")
        ONE_CUSTOMER = "one_customer", _("Member and friend are one customer")
        BROUGHT_BEFORE = "brought_before", _("The friend had been brought by somebody before")
        RETURNED = "returned", _("The friend's first purchase was returned")
        LIMIT = "limit", _("The member had been paid for the most friends of that time")
        DECIDED = "decided", _("A manager refused it")

    friend = models.OneToOneField(
        Customer, on_delete=models.PROTECT, related_name="referral", verbose_name=_("friend")
    )
    referrer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="referrals", verbose_name=_("brought by")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    reason = models.CharField(_("why"), max_length=20, choices=Reason, blank=True)
    referred_at = models.DateTimeField(_("referred at"))
    referred_on = models.DateField(_("day"))  # The same moment's day in the shop.
    # Who entered the code; null when the friend did.
    referred_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("code entered by"),
    )
    # What earned it: the friend's sale, by its own name; empty when enrolling was enough.
    sale_source = models.CharField(max_length=40, blank=True)
    sale_reference = models.CharField(_("receipt"), max_length=100, blank=True)
    sold_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("sold by"),
    )
    # The rules it is paid by.
    programme_version = models.ForeignKey(
        ProgrammeVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    event_at = models.DateTimeField(_("earned at"), null=True)
    event_on = models.DateField(null=True)
    due_at = models.DateTimeField(_("due at"), null=True)
    # Of a held one: what the manager said.
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decision = models.CharField(_("decision"), max_length=200, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    referrer_entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="brought_friend"
    )
    friend_entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, null=True, related_name="was_brought"
    )

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(friend=F("referrer")), name="referral_brings_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(
                    event_at__isnull=True,
                    event_on__isnull=True,
                    due_at__isnull=True,
                    programme_version__isnull=True,
                )
                | Q(
                    event_at__isnull=False,
                    event_on__isnull=False,
                    due_at__isnull=False,
                    programme_version__isnull=False,
                ),
                name="referral_event_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["due", "paid", "taken_back"]) | Q(event_at__isnull=False),
                name="referral_is_paid_for_an_event",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["paid", "taken_back"], paid_at__isnull=False)
                | (
                    ~Q(state__in=["paid", "taken_back"])
                    & Q(
                        paid_at__isnull=True,
                        referrer_entry__isnull=True,
                        friend_entry__isnull=True,
                    )
                ),
                name="referral_points_only_when_paid",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["held", "refused", "taken_back"]) | ~Q(reason=""),
                name="referral_says_why",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, decision="")
                | (Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(decision="")),
                name="referral_decision_has_actor_and_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["referrer", "event_on"], name="referral_of_member"),
            models.Index(
                fields=["state", "due_at"],
                name="referral_unsettled",
                condition=Q(state__in=["open", "held", "due"]),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
