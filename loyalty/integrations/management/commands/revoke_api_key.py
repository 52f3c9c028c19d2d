from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db.models import Q
from django.utils import timezone

from loyalty.commands import ProductCommand
from loyalty.integrations.keys import revoke_key
from loyalty.integrations.models import ApiKey


class Command(ProductCommand):
    help = "End an API key: it opens nothing from now on."
    example = "revoke_api_key 'Till 1'"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="its name, or what stands between the _ of the key")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = options["key"]
        known = ApiKey.objects.filter(Q(name=asked) | Q(prefix=asked))
        key = known.filter(revoked_at__isnull=True).first() or known.first()
        if key is None:
            raise CommandError(f"There is no key {asked!r}.")
        revoke_key(key_id=key.pk, at=timezone.now(), by=None)
        self.stdout.write(f"{key} is revoked.")
