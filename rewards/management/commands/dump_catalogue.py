from typing import Any

from django.core.management.base import BaseCommand

from rewards.catalogue import dump


class Command(BaseCommand):
    help = "Print the rewards on offer as a TOML document that load_catalogue reads."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(dump(), ending="")
