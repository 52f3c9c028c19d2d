from argparse import ArgumentParser
from typing import Any

from loyalty.commands import ProductCommand, add_at, add_json, now_or
from loyalty.ledger.services import expire_due


class Command(ProductCommand):
    help = "Post the expiry of points whose last day is over. Safe to run twice, late, in parallel."
    example = "expire_points --at=2026-11-22T00:30+07:00"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_at(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        expired = expire_due(at=now_or(options["at"], why="points are not over before their day"))
        if options["json"]:
            self.write_json({"lots_expired": expired})
        else:
            self.stdout.write(f"lots expired: {expired}")
