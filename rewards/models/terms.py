"""What a reward promises, and what was promised by vouchers that are out."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.programme.scope import Scope


class Promised(models.Model):
    """What whoever holds the voucher may count on."""

    class Kind(models.TextChoices):
        FREE_ITEM = "free_item", _("Free item")
        DISCOUNT_AMOUNT = "discount_amount", _("Money off")
        DISCOUNT_PERCENT = "discount_percent", _("Percent off")
        GIFT = "gift", _("Gift")

    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    description_en = models.CharField(_("description in English"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.FREE_ITEM)
    # What a discount takes off, or what the item is worth; minor units of the shop's currency.
    value_minor = models.PositiveBigIntegerField(_("worth"), default=0)
    percent = models.PositiveSmallIntegerField(_("percent"), null=True, blank=True)
    # The most a percentage takes off. Null: no limit.
    most_minor = models.PositiveBigIntegerField(_("most money off"), null=True, blank=True)
    minimum_minor = models.PositiveBigIntegerField(_("smallest bill"), default=0)
    # The goods it is for: lists under the keys of a Scope. Empty: all.
    scope = models.JSONField(_("goods"), default=dict, blank=True)
    # Keys of the branches where it is had. Empty: all.
    branches = ArrayField(
        models.CharField(max_length=40), verbose_name=_("branches"), default=list, blank=True
    )

    class Meta:
        abstract = True

    @property
    def is_discount(self) -> bool:
        """Whether it is money off a bill, and nothing that is handed over."""
        return self.kind in (self.Kind.DISCOUNT_AMOUNT, self.Kind.DISCOUNT_PERCENT)

    @property
    def goods(self) -> Scope:
        """The goods that a free item or a discount is for."""
        return Scope(**{key: tuple(names) for key, names in self.scope.items()})


class Terms(Promised):
    """
    What vouchers of a reward promise, as it was when they were issued. Never changed: a reward
    that changes gets a new row, and the vouchers that are out keep theirs. A database trigger
    writes them; unused ones go with their reward.
    """

    reward = models.ForeignKey(
        "Reward", on_delete=models.CASCADE, related_name="terms_until_now", verbose_name=_("reward")
    )

    class Meta:
        verbose_name = _("terms of a reward")
        verbose_name_plural = _("terms of rewards")
        constraints = [
            # What vouchers name, with their reward, so that both are of one kind.
            models.UniqueConstraint(fields=["id", "reward"], name="terms_of_one_reward"),
        ]

    def __str__(self) -> str:
        return self.name
