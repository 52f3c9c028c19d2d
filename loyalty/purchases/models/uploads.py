"""Files that owners hand in on a page."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.purchases.models.purchases import ImportBatch


class Upload(models.Model):
    """
    One such file and what is to be done with it. A worker finds its work here; the content is
    kept no longer than it takes.
    """

    class About(models.TextChoices):
        SALES = "sales", _("Sales")
        CUSTOMERS = "customers", _("Customers")

    class State(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        ASKING = "asking", _("Waits for its columns")
        CHECKED = "checked", _("Checked, waits for you")
        BRINGING = "bringing", _("Being brought in")
        STOPPED = "stopped", _("Stopped in the middle")
        DONE = "done", _("Brought in")
        UNDOING = "undoing", _("Being taken back")
        UNDONE = "undone", _("Taken back")
        REFUSED = "refused", _("Could not be read")
        DROPPED = "dropped", _("Put aside")

    WORK = (State.CHECKING, State.BRINGING, State.UNDOING)

    about = models.CharField(max_length=10, choices=About)
    map_name = models.CharField(max_length=40, blank=True)  # Empty: the header is in our words.
    separator = models.CharField(max_length=1, blank=True)  # As an owner sees it, not the file.
    file_name = models.CharField(_("file"), max_length=200)
    file_sha256 = models.CharField(max_length=64, blank=True)
    content = models.BinaryField(null=True)
    sample = models.JSONField(null=True)  # Its first rows, as `sampling` keeps them.
    language = models.CharField(
        max_length=2, choices=settings.LANGUAGES
    )  # Of what is written into the books.
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.CHECKING)
    # Why the last thing could not be done, and how the file was read: as `sayings` keep them.
    said = models.JSONField(default=list)
    read_as = models.JSONField(default=list)
    counts = models.JSONField(default=dict)  # What the check found, then what was brought in.
    refused_rows = models.BinaryField(default=bytes)  # All that were left out, as `leftout` packs.
    doubles = models.JSONField(default=list)  # The first of them, as `Double`.
    batch = models.OneToOneField(ImportBatch, on_delete=models.PROTECT, null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)  # For taking it back.
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(  # Whose decision the newest step was.
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True)  # A worker is at it since, if it lives.
    tries = models.PositiveSmallIntegerField(default=0)  # Workers that began the newest step.

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sample__isnull=True) | Q(content__isnull=False),
                name="upload_forgets_its_rows_with_its_file",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["checking", "asking", "checked", "bringing"], content__isnull=False
                )
                | Q(state__in=["done", "undone", "refused", "dropped"], content=None)
                | Q(state__in=["stopped", "undoing"]),
                name="upload_keeps_its_file_while_needed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["stopped", "done", "undoing", "undone"], batch__isnull=False)
                | ~Q(state__in=["stopped", "done", "undoing", "undone"]) & Q(batch=None),
                name="upload_names_what_it_brought",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
