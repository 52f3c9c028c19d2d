from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from campaigns.outbox import drain
from loyalty.commands import ProductCommand, add_at, add_json, now_or, positive

AHEAD = timedelta(days=2)


class Command(ProductCommand):
    help = "Send what is due, as a worker does. Safe to run twice, late, in parallel."
    example = "send_messages --limit=100"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_at(parser)
        parser.add_argument("--limit", type=positive, help="handle at most so many messages")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        at: datetime | None = options["at"]
        if at is not None:
            now_or(at, ahead=AHEAD, why="messages are sent two days ahead at most")
        tally = drain(clock=(lambda: at) if at else timezone.now, limit=options["limit"])
        if options["json"]:
            self.write_json(tally)
        else:
            counts = [f"{number} {state}" for state, number in sorted(tally.items())]
            self.stdout.write(", ".join(counts) or "nothing was due")
