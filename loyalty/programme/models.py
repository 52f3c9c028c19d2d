"""The rules, stored as numbered versions that never change once written."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ProgrammeVersion(models.Model):
    """One version of the programme document. A database trigger refuses changes."""

    number = models.PositiveIntegerField(_("number"), unique=True)  # 1, 2, 3, …
    document = models.TextField(_("document"))  # TOML, as validated by document.parse.
    effective_from = models.DateTimeField(_("effective from"), unique=True)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )

    class Meta:
        verbose_name = _("programme version")
        verbose_name_plural = _("programme versions")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"#{self.number}"
