from argparse import ArgumentParser
from typing import Any

from loyalty.commands import ProductCommand, add_at, add_json, now_or
from rewards.occasions import give_due


class Command(ProductCommand):
    help = (
        "Give the birthday and anniversary bonuses that are due. Safe to run twice, late, in"
        " parallel."
    )
    example = "give_bonuses --at=2026-11-22T00:30+07:00"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_at(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        given = give_due(at=now_or(options["at"], why="no bonus is given before its day"))
        if options["json"]:
            self.write_json({"given": given})
        else:
            for event, count in given.items():
                self.stdout.write(f"{event} bonuses given: {count}")
