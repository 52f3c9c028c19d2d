from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from loyalty.commands import ProductCommand, add_json
from loyalty.purchases import proof


class Command(ProductCommand):
    help = "Recompute what sales and refunds say; exit 1 and name the rows if a rule fails."
    example = "verify_sales --json"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json(parser)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify()
        problems = [str(problem) for problem in result.problems]
        if options["json"]:
            self.write_json({"sales": result.sales, "problems": problems})
        else:
            self.stdout.write(f"{len(proof.RULES)} rules, {result.sales} sales")
        if problems:
            raise CommandError("\n".join(problems))
