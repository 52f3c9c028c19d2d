from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from loyalty.commands import ProductCommand, add_json
from loyalty.integrations.models import EventType
from loyalty.integrations.webhooks.endpoints import create_endpoint


class Command(ProductCommand):
    help = "Tell another program what happens from now on, and show its secret once."
    example = "create_webhook --url https://example.com/hook --events points.changed,tier.changed"

    def add_arguments(self, parser: ArgumentParser) -> None:
        events = ", ".join(EventType.values)
        parser.add_argument("--url", required=True, help="where to; https only")
        parser.add_argument("--events", required=True, help=f"with commas, or `all`; of: {events}")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        asked = options["events"]
        events = EventType.values if asked == "all" else [one.strip() for one in asked.split(",")]
        made = create_endpoint(url=options["url"], events=events, at=timezone.now(), by=None)
        if options["json"]:
            self.write_json({"endpoint": made.endpoint.pk, "secret": made.secret})
        else:
            self.stderr.write(
                f"Webhook {made.endpoint.pk}. Keep this secret now: it is shown once."
            )
            self.stdout.write(made.secret)
