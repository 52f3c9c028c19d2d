import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from loyalty.tiers.services import review_tiers


class Command(BaseCommand):
    help = "Settle every customer's tier until today. Safe to run twice, late, in parallel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", type=datetime.fromisoformat, help="act as of this moment (ISO 8601, with zone)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        changed = review_tiers(at=options["at"] or timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps({"tiers_changed": changed}))
        else:
            self.stdout.write(f"{changed} tiers changed")
