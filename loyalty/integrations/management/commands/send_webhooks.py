from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from loyalty.commands import ProductCommand, add_json, positive
from loyalty.integrations.webhooks.gathering import gather
from loyalty.integrations.webhooks.sending import drain


class Command(ProductCommand):
    help = (
        "Tell other programs what happened, as a worker does: ten seconds, then the rest is left"
        " for the next call. Safe to run twice, late, in parallel."
    )
    example = "send_webhooks --limit=100"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=positive, help="send at most so many messages")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        made = gather(clock=timezone.now)
        tally = drain(clock=timezone.now, limit=options["limit"])
        if options["json"]:
            self.write_json({"events": made, **tally})
        else:
            counts = [f"{number} {state}" for state, number in sorted(tally.items())]
            self.stdout.write(f"{made} new events; {', '.join(counts) or 'nothing was due'}")
