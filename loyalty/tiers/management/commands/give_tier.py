from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from customers.models import Customer
from loyalty.commands import ProductCommand, add_json, day, positive
from loyalty.shop.models import User
from loyalty.tiers.services import give_tier


class Command(ProductCommand):
    help = "Give a customer a tier by hand through a day; they have no lower one until then."
    example = "give_tier 17 vang --through 2027-06-30 --reason 'wedding cake' --by chu"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("customer", type=positive, help="the customer's number")
        parser.add_argument("tier", help="the tier's key in the programme")
        parser.add_argument("--through", type=day, required=True, help="last day")
        parser.add_argument("--reason", required=True, help="why; kept with the tier")
        parser.add_argument("--by", required=True, help="user name of who decided it")
        add_json(parser)

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
        except (Customer.DoesNotExist, User.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.write_json({"tier": floor.tier_key, "through": floor.through.isoformat()})
        else:
            self.stdout.write(f"{floor.tier_key} through {floor.through}")
