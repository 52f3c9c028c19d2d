from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from loyalty.commands import ProductCommand, add_json
from loyalty.ledger import proof


class Command(ProductCommand):
    help = "Recompute every invariant of the point ledger; exit 1 and name the rows if one fails."
    example = "verify_ledger --json"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json(parser)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify()
        if options["json"]:
            problems = [str(row) for row in result.problems]
            figures = {name: getattr(result, name) for name in ("accounts", "entries", "points")}
            self.write_json(figures | {"problems": problems})
        else:
            self.stdout.write(
                f"{len(proof.RULES)} rules, {result.accounts} accounts, "
                f"{result.entries} entries, {result.points} points outstanding"
            )
        if result.problems:
            raise CommandError("\n".join(str(row) for row in result.problems))
