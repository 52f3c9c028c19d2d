from argparse import ArgumentParser
from typing import Any

from loyalty.commands import ProductCommand, add_at, add_json, now_or
from loyalty.purchases.referring import run_referrals


class Command(ProductCommand):
    help = "Pay what is due for friends that members brought. Safe to run twice, late, in parallel."
    example = "run_referrals --at=2026-11-22T00:30+07:00"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_at(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        changed = run_referrals(at=now_or(options["at"], why="nothing is due before its day"))
        if options["json"]:
            self.write_json({"referrals_changed": changed})
        else:
            self.stdout.write(f"referrals changed: {changed}")
