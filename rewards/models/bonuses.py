"""What a bonus leaves behind that the ledger does not hold."""

from django.db import models


class Welcomed(models.Model):
    """
    A phone number or e-mail whose owner got the welcome bonus: there is one for each, for ever.
    Only its keyed digest is kept.
    """

    contact_digest = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.contact_digest[:8]
