"""Maps of columns that owners made themselves."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.purchases.models.uploads import Upload


class ColumnMap(models.Model):
    """Which column of such files is what, as the TOML document that a file of a map holds."""

    about = models.CharField(max_length=10, choices=Upload.About)
    key = models.CharField(max_length=40)  # What a command calls it; where its sales come from.
    name = models.CharField(_("name"), max_length=60)
    text = models.TextField()
    saved_at = models.DateTimeField(_("saved"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["about", "name"]
        constraints = [
            models.UniqueConstraint(fields=["about", "key"], name="column_map_key_is_its_own"),
            models.CheckConstraint(
                condition=models.Q(key__regex=r"^[a-z0-9][a-z0-9._-]*$"),
                name="column_map_key_can_be_typed",
            ),
        ]

    def __str__(self) -> str:
        return self.name
