"""Who hears what and when: campaigns and the outbox of messages."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.wording import validate_wording
from customers.models import Consent, Customer, SignInChallenge

Channel = Consent.Channel


class Campaign(models.Model):
    class Kind(models.TextChoices):
        BIRTHDAY = "birthday", _("Birthday wishes")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    name = models.CharField(_("name"), max_length=100)
    # Flat text with the placeholders of campaigns.wording; one pair a language.
    subject_vi = models.CharField(
        _("subject in Vietnamese"), max_length=150, blank=True, validators=[validate_wording]
    )
    body_vi = models.TextField(_("text in Vietnamese"), validators=[validate_wording])
    subject_en = models.CharField(
        _("subject in English"), max_length=150, blank=True, validators=[validate_wording]
    )
    body_en = models.TextField(_("text in English"), validators=[validate_wording])
    is_active = models.BooleanField(_("running"), default=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.UniqueConstraint(fields=["kind", "channel"], name="campaign_one_per_channel"),
        ]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """
    One message to one customer. Rows are the queue and, later, the record of what was sent.
    The address is looked up when it is sent and stored nowhere else.
    """

    class Class(models.TextChoices):
        ADVERT = "advert", _("Advert")
        SERVICE = "service", _("Service")

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        CLAIMED = "claimed", _("Next")  # Allowed; a worker holds it until `leased_until`.
        CALLING = "calling", _("Being sent")  # The provider was asked and has not answered.
        SENT = "sent", _("Sent")
        UNKNOWN = "unknown", _("Unknown")  # It may have gone out: never sent again by itself.
        FAILED = "failed", _("Failed")
        BLOCKED = "blocked", _("Blocked")  # `detail` names the rule.
        EXPIRED = "expired", _("Too late")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True)
    challenge = models.OneToOneField(SignInChallenge, on_delete=models.SET_NULL, null=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="messages")
    message_class = models.CharField(_("class"), max_length=10, choices=Class)
    occasion = models.CharField(_("occasion"), max_length=60)  # "birthday:2026", "sign-in:17"
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    send_after = models.DateTimeField(_("due"))
    not_after = models.DateTimeField(_("too late after"))
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    attempted_at = models.DateTimeField(_("last attempt"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    detail = models.CharField(_("detail"), max_length=100, blank=True)  # A rule's or error's name.
    # Keyed digest of the address it went to: caps count per address, not per customer.
    address_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "occasion", "channel"], name="message_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["claimed", "calling"], leased_until__isnull=False)
                | (~Q(state__in=["claimed", "calling"]) & Q(leased_until__isnull=True)),
                name="message_leased_exactly_while_held",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="message_sent_has_a_time",
            ),
        ]
        indexes = [
            # In the order of claiming: service messages before adverts, then by age.
            models.Index(
                fields=["-message_class", "send_after"],
                name="message_due",
                condition=Q(state="queued"),
            ),
            models.Index(
                fields=["leased_until"],
                name="message_leased",
                condition=Q(state__in=["claimed", "calling"]),
            ),
            models.Index(
                fields=["address_digest"],
                name="message_per_address",
                condition=~Q(address_digest=""),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
