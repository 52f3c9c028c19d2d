"""Programs that ask: the keys they come with, and the answers they were given."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.shop.models import Branch, User


class ApiKey(models.Model):
    """One program's right to ask. Its secret is kept nowhere, only the secret's SHA-256."""

    class Scope(models.TextChoices):
        CUSTOMERS = "customers", _("Enrol and change customers")
        EARN = "earn", _("Record sales")
        REFUND = "refund", _("Take sales back")
        REDEEM = "redeem", _("Redeem rewards and use vouchers")
        ADJUST = "adjust", _("Change points by hand")
        READ = "read", _("Read customers, points and rewards")
        BACKDATE = "backdate", _("Record sales of the past")

    name = models.CharField(_("name"), max_length=80)
    # Who sent a sale, in the sale's own row. Made from the name: the next key of that name goes
    # on where this one ended, and a sale it had sent is still the same sale.
    source = models.CharField(_("source"), max_length=40)
    prefix = models.CharField(_("begins with"), max_length=10, unique=True)  # Not secret.
    sha256 = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope), verbose_name=_("may"))
    # The only branch it may sell in; null: any.
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, null=True, related_name="+")
    # Stands for the program where history names a person. Nobody can sign in with it.
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # How many points, up or down, it may decide alone in one adjustment.
    adjust_limit = models.PositiveIntegerField(_("adjustment limit"))
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("ends at"), null=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True)  # To ten minutes or so.
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                name="api_key_one_of_a_name",
                condition=Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(
                    scopes__contained_by=[
                        *("customers", "earn", "refund", "redeem", "adjust", "read", "backdate")
                    ],
                    scopes__len__gt=0,
                ),
                name="api_key_scopes_are_ours",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="api_key_keeps_a_digest",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=False) | Q(revoked_by__isnull=True),
                name="api_key_revoked_by_when_revoked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Answer(models.Model):
    """
    What a program was answered, so that asking again gets the same bytes. Personal data stands
    here only where the answer told it; `customer` says whose.
    """

    source = models.CharField(max_length=40)
    route = models.CharField(max_length=60)
    idempotency_key = models.CharField(max_length=100)
    request_hash = models.CharField(max_length=64)  # Keyed: says nothing about the request.
    status = models.PositiveSmallIntegerField()
    body = models.TextField()
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "route", "idempotency_key"], name="answer_once"
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], name="answer_by_age"),
            models.Index(
                fields=["customer"],
                name="answer_of_customer",
                condition=Q(customer__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.route} {self.status}"
