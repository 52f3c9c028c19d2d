from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, add_json
from loyalty.tiers import proof


class Command(ProductCommand):
    help = "Count every tier again from its rows and rules; exit 1 and name the first differences."
    example = "verify_tiers --json"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify(at=timezone.now())
        differences = [str(difference) for difference in result.differences]
        if options["json"]:
            self.write_json({"standings": result.standings, "differences": differences})
        else:
            self.stdout.write(f"standings counted again: {result.standings}")
        if differences:
            raise CommandError("\n".join(differences))
