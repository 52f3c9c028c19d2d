import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from campaigns.outbox import drain


class Command(BaseCommand):
    help = "Send what is due, as a worker does. Safe to run twice, late, in parallel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", type=datetime.fromisoformat, help="act as of this moment (ISO 8601, with zone)"
        )
        parser.add_argument("--limit", type=int, help="handle at most so many messages")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        at: datetime | None = options["at"]
        tally = drain(clock=(lambda: at) if at else timezone.now, limit=options["limit"])
        if options["json"]:
            self.stdout.write(json.dumps(tally))
        else:
            counts = [f"{number} {state}" for state, number in sorted(tally.items())]
            self.stdout.write(", ".join(counts) or "nothing was due")
