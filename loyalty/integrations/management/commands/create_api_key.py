from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, add_json, moment, positive
from loyalty.integrations.keys import USUAL_ADJUST_LIMIT, create_key
from loyalty.integrations.models import ApiKey
from loyalty.shop.models import Branch


class Command(ProductCommand):
    help = "Make an API key for a till or another program, and show it once."
    example = "create_api_key --name 'Till 1' --scopes customers,earn,read --branch ha-noi"

    def add_arguments(self, parser: ArgumentParser) -> None:
        scopes = ",".join(ApiKey.Scope.values)
        parser.add_argument("--name", required=True, help="what the owner calls the program")
        parser.add_argument("--scopes", required=True, help=f"with commas, of: {scopes}")
        parser.add_argument("--branch", metavar="KEY", help="the only branch it may sell in")
        parser.add_argument(
            "--expires-at",
            type=moment,
            metavar="MOMENT",
            help="when it ends, such as 2027-11-22T12:00+07:00; never, if left out",
        )
        parser.add_argument(
            "--adjust-limit",
            type=positive,
            metavar="POINTS",
            default=USUAL_ADJUST_LIMIT,
            help="points it may add or take alone (default: %(default)s)",
        )
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        made = create_key(
            name=options["name"],
            scopes=[scope.strip() for scope in options["scopes"].split(",")],
            branch=_branch(options["branch"]) if options["branch"] else None,
            expires_at=options["expires_at"],
            adjust_limit=options["adjust_limit"],
            at=timezone.now(),
        )
        if options["json"]:
            self.write_json({"key": made.token, "source": made.key.source})
        else:
            self.stderr.write("Keep this key now: it is shown once and stored nowhere.")
            self.stdout.write(made.token)


def _branch(key: str) -> Branch:
    branch = Branch.objects.filter(key=key).first()
    if branch is None:
        raise CommandError(f"There is no branch {key!r}.")
    return branch
