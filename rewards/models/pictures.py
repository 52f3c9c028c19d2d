"""Pictures, kept with everything else the shop has: one dump holds them too."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Picture(models.Model):
    """One picture, known by what is in it; it never changes. Written by rewards.pictures alone."""

    digest = models.CharField(max_length=64, primary_key=True)  # SHA-256 of `content`, in hex.
    content = models.BinaryField()  # WebP.
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return self.digest[:8]
