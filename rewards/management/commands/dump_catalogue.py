from typing import Any

from loyalty.commands import ProductCommand
from rewards.catalogue import dump


class Command(ProductCommand):
    help = "Print the rewards on offer as a TOML document that load_catalogue reads."
    example = "dump_catalogue > rewards.toml"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(dump(), ending="")
