import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from campaigns.journeys import enqueue_due


class Command(BaseCommand):
    help = "Enqueue the messages that are due. Safe to run twice, late, in parallel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", type=datetime.fromisoformat, help="act as of this moment (ISO 8601, with zone)"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        enqueued = enqueue_due(at=options["at"] or timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps({"enqueued": enqueued}))
        else:
            self.stdout.write(f"{enqueued} messages enqueued")
