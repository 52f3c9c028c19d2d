"""What the reports keep: who took data out of the shop."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Export(models.Model):
    """One file of the shop's data that somebody asked for. Append-only."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel"
        ZIP = "zip", "ZIP"  # All of the shop's data.

    name = models.CharField(_("data"), max_length=20)  # Of the sheet.
    format = models.CharField(_("format"), max_length=4, choices=Format)
    # The days asked for, both inside; null: without a limit.
    since = models.DateField(_("from"), null=True)
    until = models.DateField(_("to"), null=True)
    exported_at = models.DateTimeField(_("exported at"))
    # Null: a command on the server.
    exported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("exported by"),
    )

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.name}.{self.format}"
