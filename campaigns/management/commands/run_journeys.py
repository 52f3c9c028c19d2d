from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from campaigns.journeys import enqueue_due
from loyalty.commands import ProductCommand, add_at, add_json, now_or

AHEAD = timedelta(days=2)


class Command(ProductCommand):
    help = "Enqueue the messages that are due. Safe to run twice, late, in parallel."
    example = "run_journeys --at=2026-11-22T12:00+07:00"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_at(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        why = "messages are enqueued two days ahead at most"
        enqueued = enqueue_due(at=now_or(options["at"], ahead=AHEAD, why=why))
        if options["json"]:
            self.write_json({"enqueued": enqueued})
        else:
            self.stdout.write(f"messages enqueued: {enqueued}")
