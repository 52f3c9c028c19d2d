from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from loyalty.commands import ProductCommand
from rewards.catalogue import dump


class Command(ProductCommand):
    help = "Print the rewards on offer as a TOML document that load_catalogue reads."
    example = "dump_catalogue --pictures . > rewards.toml"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--pictures",
            type=Path,
            metavar="FOLDER",
            help="write the pictures there, and name them in the document",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(dump(folder=options["pictures"]), ending="")
