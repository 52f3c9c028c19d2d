from typing import Any

from django.db import transaction

from loyalty.commands import ProofCommand
from loyalty.ledger import proof


class Command(ProofCommand):
    help = "Recompute every invariant of the point ledger; exit 1 and name the rows if one fails."
    example = "verify_ledger --json"

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify()
        counted = {name: getattr(result, name) for name in ("accounts", "entries", "points")}
        self.tell(counted, result.problems, rules=len(proof.RULES), as_json=options["json"])
