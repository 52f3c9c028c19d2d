from typing import Any

from django.db import transaction

from loyalty.commands import ProofCommand
from rewards import proof


class Command(ProofCommand):
    help = "Count rewards, vouchers and stamps again; exit 1 and name the rows if a rule fails."
    example = "verify_rewards --json"

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        result = proof.verify()
        counted = {"rewards": result.rewards, "vouchers": result.vouchers}
        self.tell(counted, result.problems, rules=len(proof.RULES), as_json=options["json"])
