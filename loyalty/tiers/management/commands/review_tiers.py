from argparse import ArgumentParser
from typing import Any

from loyalty.commands import ProductCommand, add_at, add_json, now_or
from loyalty.tiers.services import review_tiers


class Command(ProductCommand):
    help = "Settle every customer's tier until today. Safe to run twice, late, in parallel."
    example = "review_tiers --at=2026-11-22T00:30+07:00"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_at(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        changed = review_tiers(at=now_or(options["at"], why="tiers end when their day is over"))
        if options["json"]:
            self.write_json({"tiers_changed": changed})
        else:
            self.stdout.write(f"tiers changed: {changed}")
