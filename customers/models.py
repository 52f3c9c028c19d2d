"""
Customers: who they are, what they agreed to, and how they sign in.

Only this app's tables hold personal data; every other floor knows a customer by number.
"""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from customers.identity import Birthday
from loyalty.shop.models import Branch


class Customer(models.Model):
    class Salutation(models.TextChoices):
        OLDER_BROTHER = "anh", _("Mr")
        OLDER_SISTER = "chị", _("Ms")

    # The customer's name in the shop's older system; empty when there is none.
    external_id = models.CharField(_("external id"), max_length=64, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    # What search and sorting compare; written together with the name, by identity.name_columns.
    name_folded = models.CharField(max_length=200, blank=True, editable=False)
    name_sort = models.CharField(max_length=500, blank=True, editable=False)
    salutation = models.CharField(_("salutation"), max_length=5, choices=Salutation, blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True)  # E.164.
    email = models.EmailField(_("e-mail"), blank=True)
    birth_day = models.PositiveSmallIntegerField(_("day of birth"), null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField(_("month of birth"), null=True, blank=True)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    birth_lunar = models.BooleanField(_("birthday by the lunar calendar"), default=False)
    language = models.CharField(
        _("language"), max_length=2, choices=settings.LANGUAGES, default="vi"
    )
    # Printed on the card: seven digits and a check digit. The function spreads ids over all
    # numbers, so that two customers never share one and neighbours are not guessable by eye.
    card_number = models.GeneratedField(
        expression=Func(F("id"), function="customers_card_number"),
        output_field=models.CharField(max_length=8, verbose_name=_("card number")),
        db_persist=True,
    )
    card_token = models.CharField(max_length=22, editable=False)  # 128 random bits.
    joined_at = models.DateTimeField(_("joined at"))
    joined_branch = models.ForeignKey(
        Branch,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("joined in"),
    )
    # The same person's other row, which is kept: whoever asks for this one means that. A foreign
    # key with a column of its own (migration 0003) holds it to one step: no chain, no circle.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="merged",
        verbose_name=_("merged into"),
    )
    # Grows with every change of what stands above, over all customers (a trigger sets it): who
    # wants to know what changed asks for what is above the last number seen. Null: as enrolled.
    revision = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["name_sort", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["phone"],
                condition=~Q(phone=""),
                name="customer_phone_unique",
                violation_error_message=_("Another customer already uses this phone number."),
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~Q(email=""),
                name="customer_email_unique",
                violation_error_message=_("Another customer already uses this e-mail."),
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id=""),
                name="customer_external_id_unique",
            ),
            models.UniqueConstraint(fields=["card_number"], name="customer_card_number_unique"),
            models.UniqueConstraint(fields=["card_token"], name="customer_card_token_unique"),
            models.CheckConstraint(
                condition=Q(phone="") | Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"),
                name="customer_phone_is_e164",
            ),
            models.CheckConstraint(
                condition=Q(birth_day__isnull=True, birth_month__isnull=True)
                | Q(birth_day__range=(1, 31), birth_month__range=(1, 12)),
                name="customer_birthday_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(birth_year__isnull=True)
                | Q(birth_year__range=(1900, 2100), birth_day__isnull=False),
                name="customer_birth_year_has_a_day",
            ),
            models.CheckConstraint(
                condition=Q(birth_lunar=True, birth_day__isnull=False, birth_day__lte=30)
                | Q(birth_lunar=False)
                & ~Q(birth_month=2, birth_day__gt=29)
                & ~Q(birth_month__in=[4, 6, 9, 11], birth_day__gt=30),
                name="customer_birthday_is_in_its_calendar",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="customer_not_merged_into_itself",
            ),
        ]
        indexes = [
            GinIndex(OpClass(F("name_folded"), name="gin_trgm_ops"), name="customer_name_search"),
            models.Index(fields=["name_sort", "id"], name="customer_by_name"),
            models.Index(
                fields=["birth_month", "birth_day"],
                name="customer_birthday",
                condition=Q(birth_month__isnull=False),
            ),
            models.Index(
                fields=["merged_into"],
                name="customer_merged",
                condition=Q(merged_into__isnull=False),
            ),
            models.Index(
                fields=["revision"],
                name="customer_changed",
                condition=Q(revision__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(_("Customer %(number)s")) % {"number": self.card_number}

    @property
    def birthday(self) -> Birthday | None:
        """The birthday the customer told, if any."""
        if self.birth_day is None or self.birth_month is None:
            return None
        return Birthday(self.birth_day, self.birth_month, self.birth_year, self.birth_lunar)

    @property
    def kept(self) -> "Customer":
        """Who is meant by this row. A query for a merged one, unless `merged_into` came along."""
        return self.merged_into or self

    def address(self, channel: str, *, own: bool = False) -> str:
        """
        Where the customer is reached by that channel; empty: nowhere. Where their own row says
        nothing, a row that was merged into it may. A query then, unless `merged` was prefetched.
        """
        mine = self.email if channel == "email" else self.phone
        if mine or own:
            return mine
        return next((found for one in self.merged.all() if (found := one.address(channel))), "")

    @property
    def kept_id(self) -> int:
        """The number of who is meant by this row; no query."""
        return self.merged_into_id or self.pk


class Consent(models.Model):
    """
    One act of agreeing or refusing. Rows are proof, so they are never changed; the newest of
    a customer, channel and purpose counts.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("SMS")

    class Purpose(models.TextChoices):
        ADS = "ads", _("Offers and birthday wishes")

    class Means(models.TextChoices):
        COUNTER = "counter", _("At the counter")
        PORTAL = "portal", _("In the member's card")
        IMPORT = "import", _("From an older system")
        UNSUBSCRIBE = "unsubscribe", _("By the link in a message")

    # Adverts to one address in 30 days. Every text that asks says so, and the sender keeps it (Law
    # 91/2025/QH15 art. 28: the customer knows how often); another number needs new wordings.
    MOST_A_MONTH = 4

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="consents")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose, default=Purpose.ADS)
    granted = models.BooleanField(_("agreed"))
    wording = models.CharField(_("wording"), max_length=40)  # Which text was shown.
    means = models.CharField(_("means"), max_length=15, choices=Means)
    evidence = models.CharField(_("evidence"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [
            models.Index(fields=["customer", "channel", "purpose", "-id"], name="consent_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_purpose_display()}"


class SignInChallenge(models.Model):
    """
    One asked-for sign-in code. The code itself is stored nowhere: it is derived from the
    nonce and the server's secret when it is sent and when it is checked.
    """

    nonce = models.CharField(max_length=22, unique=True)  # 128 random bits.
    # Null when nobody is known by that number: the asker must not learn the difference.
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True)
    # Keyed digest of the phone or address asked for, to count tries of one identity.
    identity_digest = models.CharField(max_length=64)
    channel = models.CharField(max_length=10, choices=Consent.Channel)
    created_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)  # Used, or replaced by a newer one.

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tries__lte=5), name="sign_in_five_tries"),
        ]
        indexes = [
            models.Index(fields=["identity_digest", "created_at"], name="sign_in_per_identity"),
            models.Index(fields=["created_at"], name="sign_in_newest"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class MemberSession(models.Model):
    """A phone on which a member is signed in. Only the digest of its token is stored."""

    token_digest = models.CharField(max_length=64, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="sessions")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"#{self.pk}"
