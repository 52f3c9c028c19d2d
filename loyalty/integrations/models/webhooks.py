"""Programs that are told: where, what of, and how it went."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.shop.models import User


class EventType(models.TextChoices):
    POINTS_CHANGED = "points.changed", _("Points changed")
    TIER_CHANGED = "tier.changed", _("Tier changed")
    PURCHASE_RECORDED = "purchase.recorded", _("Sale recorded")
    PURCHASE_REFUNDED = "purchase.refunded", _("Goods taken back")
    PURCHASE_VOIDED = "purchase.voided", _("Sale cancelled")
    VOUCHER_ISSUED = "voucher.issued", _("Voucher issued")
    VOUCHER_USED = "voucher.used", _("Voucher used")
    VOUCHER_CANCELLED = "voucher.cancelled", _("Voucher cancelled")
    CUSTOMER_CREATED = "customer.created", _("Customer enrolled")
    CUSTOMER_UPDATED = "customer.updated", _("Customer's details changed")
    CUSTOMER_MERGED = "customer.merged", _("Customer merged into another")


class Endpoint(models.Model):
    """An address of another program that is told what happens. Ended, never deleted."""

    class State(models.TextChoices):
        ON = "on", _("Sending")
        OFF = "off", _("Switched off")
        FAILING = "failing", _("Stopped: it has failed for days")
        GONE = "gone", _("Stopped: it asked for nothing more")
        ENDED = "ended", _("Ended")

    STOPPED = (State.FAILING, State.GONE)  # By the product; an owner has to look.

    url = models.CharField(_("address"), max_length=300)
    events = ArrayField(
        models.CharField(max_length=20, choices=EventType), verbose_name=_("is told of")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ON)
    # Since when every attempt has failed; null while the newest one succeeded.
    failing_since = models.DateTimeField(_("failing since"), null=True)
    created_at = models.DateTimeField(_("created at"))
    # Null: made on the server itself, by `manage.py create_webhook`.
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("created by")
    )

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["url"], name="endpoint_one_an_address", condition=~Q(state="ended")
            ),
            models.CheckConstraint(condition=Q(events__len__gt=0), name="endpoint_is_told_a_thing"),
        ]

    def __str__(self) -> str:
        return self.url


class EndpointSecret(models.Model):
    """
    What an endpoint's messages are signed with. The secret itself is stored nowhere: it is derived
    from the nonce and the server's own secret.
    """

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="secrets")
    nonce = models.CharField(max_length=22, unique=True)  # 128 random bits.
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # Null: the newest; others overlap with it.

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], name="endpoint_secret_newest", condition=Q(ends_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Watermark(models.Model):
    """
    How far the facts of one source have been told. Up to `settled` they all have; after it, what
    has no event yet is looked for. See loyalty.integrations.webhooks.marks.
    """

    source = models.CharField(max_length=20, primary_key=True)
    told = models.BigIntegerField()  # The highest number of which there is an event.
    settled = models.BigIntegerField()
    # What will be settled when these transactions have ended, which were writing to the table when
    # `told` was that high.
    reached = models.BigIntegerField()
    writers = ArrayField(models.CharField(max_length=40), default=list)

    def __str__(self) -> str:
        return f"{self.source} {self.settled}"


class Chain(models.Model):
    """Where a customer's events have come to. One row per customer of whom anything was told."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    sequence = models.BigIntegerField()
    balance = models.BigIntegerField(null=True)  # Null: the ledger has to be asked.

    def __str__(self) -> str:
        return f"{self.sequence}"


class Event(models.Model):
    """One fact as it is told: ids and numbers, never what a customer is called."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    type = models.CharField(_("event"), max_length=20, choices=EventType)
    # The row it tells of: told once.
    source = models.CharField(max_length=20)
    fact = models.BigIntegerField()
    # Null: a sale to nobody by name.
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # 1, 2, 3, … of the customer's events, no gaps; and the balance after all of them.
    sequence = models.BigIntegerField(_("sequence"), null=True)
    balance_after = models.BigIntegerField(_("balance after"), null=True)
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField(_("occurred at"))
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["source", "fact"], name="event_tells_a_fact_once"),
            models.UniqueConstraint(fields=["customer", "sequence"], name="event_in_sequence"),
            models.CheckConstraint(
                condition=Q(customer__isnull=True, sequence__isnull=True, balance_after=None)
                | Q(customer__isnull=False, sequence__isnull=False, balance_after__isnull=False),
                name="event_of_a_customer_has_a_place",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="event_by_age")]

    def __str__(self) -> str:
        return f"{self.type} #{self.pk}"


class Delivery(models.Model):
    """One event to one endpoint. Rows are the queue and, later, the record of what was sent."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Given up")

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        Endpoint,
        on_delete=models.PROTECT,
        related_name="deliveries",
        db_index=False,
        verbose_name=_("webhook"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(_("next try"))
    # Another worker keeps off until then. Of one that died the lease runs out.
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    attempted_at = models.DateTimeField(_("last attempt"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    # What came of the last attempt: the answer's status and beginning, or why there is none.
    status = models.PositiveSmallIntegerField(_("answered"), null=True)
    problem = models.CharField(_("problem"), max_length=40, blank=True)
    answer = models.CharField(_("answer"), max_length=1_000, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at__isnull=True)),
                name="delivery_delivered_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting") | Q(leased_until__isnull=True),
                name="delivery_leased_only_while_waiting",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at", "id"],
                name="delivery_due",
                condition=Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
