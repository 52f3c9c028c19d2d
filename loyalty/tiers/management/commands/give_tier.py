import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from customers.models import Customer
from loyalty.errors import DomainError
from loyalty.shop.models import User
from loyalty.tiers.services import give_tier


class Command(BaseCommand):
    help = "Give a customer a tier by hand through a day; they have no lower one until then."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("customer", type=int, help="the customer's number")
        parser.add_argument("tier", help="the tier's key in the programme")
        parser.add_argument("--through", type=date.fromisoformat, required=True, help="last day")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", required=True, help="user name of who decided it")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            floor = give_tier(
                customer=Customer.objects.get(pk=options["customer"]),
                tier_key=options["tier"],
                through=options["through"],
                reason=options["reason"],
                at=timezone.now(),
                by=User.objects.get(username=options["by"]),
            )
        except (DomainError, Customer.DoesNotExist, User.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        given = {"tier": floor.tier_key, "through": floor.through.isoformat()}
        words = f"{floor.tier_key} through {floor.through}"
        self.stdout.write(json.dumps(given) if options["json"] else words)
