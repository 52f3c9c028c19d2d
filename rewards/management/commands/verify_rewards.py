from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from loyalty.commands import ProductCommand, add_json
from rewards import proof


class Command(ProductCommand):
    help = "Count rewards, vouchers and stamps again; exit 1 and name the rows if a rule fails."
    example = "verify_rewards --json"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json(parser)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify()
        problems = [str(problem) for problem in result.problems]
        counted = {"rewards": result.rewards, "vouchers": result.vouchers}
        if options["json"]:
            self.write_json(counted | {"problems": problems})
        else:
            self.stdout.write(
                f"{len(proof.RULES)} rules, {result.rewards} rewards, {result.vouchers} vouchers"
            )
        if problems:
            raise CommandError("\n".join(problems))
