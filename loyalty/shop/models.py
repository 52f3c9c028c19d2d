"""The business: the shop, its branches, its staff, and the dated rules of law it sends under."""

from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Shop(models.Model):
    """The one business this install serves. Currency and time zone are set at first run."""

    class Brand(models.TextChoices):
        INDIGO = "cham", _("Indigo")
        JADE = "ngoc", _("Jade")
        PLUM = "man", _("Plum")
        CLAY = "dat", _("Clay")

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=100)
    currency = models.CharField(_("currency"), max_length=3, default="VND")  # ISO 4217.
    time_zone = models.CharField(_("time zone"), max_length=50, default="Asia/Ho_Chi_Minh")
    # Both stand at the foot of every advert, as the law asks.
    address = models.CharField(_("address"), max_length=200, blank=True)
    hotline = models.CharField(_("hotline"), max_length=20, blank=True)
    brand = models.CharField(_("colour"), max_length=10, choices=Brand, default=Brand.INDIGO)

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shop")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="shop_is_one"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="shop_currency_is_iso_4217"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Branch(models.Model):
    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    address = models.CharField(_("address"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A member of staff. Customers never are users."""

    class Role(models.TextChoices):
        CASHIER = "cashier", _("Cashier")
        MANAGER = "manager", _("Manager")
        OWNER = "owner", _("Owner")

    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.CASHIER)
    # Where this person sells; an owner has no one branch.
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("branch")
    )
    # Managers and owners work in the back office too; nobody else may enter it.
    is_staff = models.GeneratedField(
        expression=Q(role__in=["manager", "owner"]),  # type: ignore[arg-type]  # Stubs lack Q.
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["manager", "owner"]) | Q(branch__isnull=False),
                name="user_cashier_has_a_branch",
            ),
        ]


class LegalRule(models.Model):
    """
    A number the law sets, with the days it holds and where it stands, so that a change of
    law is a new row and not a new release.
    """

    key = models.CharField(_("key"), max_length=40)
    value = models.CharField(_("value"), max_length=40)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)  # The last day it holds.
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("rule of law")
        verbose_name_plural = _("rules of law")
        ordering = ["key", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["key", "valid_from"], name="legal_rule_once_a_day"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="legal_rule_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}"
