from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, add_json, moment, positive
from loyalty.integrations.models import Endpoint
from loyalty.integrations.webhooks.replaying import replay


class Command(ProductCommand):
    help = "Send one webhook everything again, also what it missed. Receivers know the ids."
    example = "replay_webhooks --endpoint 3 --since 2026-11-20T00:00+07:00"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--endpoint",
            required=True,
            type=positive,
            metavar="NUMBER",
            help="which webhook, by the number that create_webhook told",
        )
        parser.add_argument(
            "--since",
            required=True,
            type=moment,
            metavar="MOMENT",
            help="from when on, such as 2026-11-22T12:00+07:00; 45 days ago at most",
        )
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        endpoint = Endpoint.objects.filter(pk=options["endpoint"]).first()
        if endpoint is None:
            raise CommandError(f"There is no webhook {options['endpoint']}.")
        number = replay(endpoint=endpoint, since=options["since"], at=timezone.now())
        if options["json"]:
            self.write_json({"events": number})
        else:
            self.stdout.write(f"{number} events wait to be sent.")
