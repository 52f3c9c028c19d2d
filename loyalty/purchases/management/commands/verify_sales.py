from typing import Any

from django.db import transaction

from loyalty.commands import ProofCommand
from loyalty.purchases import proof


class Command(ProofCommand):
    help = "Recompute what sales and refunds say; exit 1 and name the rows if a rule fails."
    example = "verify_sales --json"

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify()
        counted = {"sales": result.sales}
        self.tell(counted, result.problems, rules=len(proof.RULES), as_json=options["json"])
