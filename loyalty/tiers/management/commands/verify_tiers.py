import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.tiers import proof


class Command(BaseCommand):
    help = "Count every tier again from its rows and rules; exit 1 and name the first differences."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify(at=timezone.now())
        differences = [str(difference) for difference in result.differences]
        if options["json"]:
            document = {"standings": result.standings, "differences": differences}
            self.stdout.write(json.dumps(document))
        else:
            self.stdout.write(f"{result.standings} standings counted again")
        if differences:
            raise CommandError("\n".join(differences))
