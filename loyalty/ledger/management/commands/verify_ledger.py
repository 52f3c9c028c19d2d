import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from loyalty.ledger import proof


class Command(BaseCommand):
    help = "Recompute every invariant of the point ledger; exit 1 and name the rows if one fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify()
        if options["json"]:
            document = vars(result) | {"problems": [str(row) for row in result.problems]}
            self.stdout.write(json.dumps(document))
        else:
            self.stdout.write(
                f"{len(proof.RULES)} rules, {result.accounts} accounts, "
                f"{result.entries} entries, {result.points} points outstanding"
            )
        if result.problems:
            raise CommandError("\n".join(str(row) for row in result.problems))
