from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, add_json
from loyalty.operations.moving.arriving import import_shop


class Command(ProductCommand):
    help = (
        "Bring a shop that export_shop wrote into this empty installation, all or nothing, and prove "
        "it. Run as the owner of the tables. Staff get new passwords afterwards."
    )
    example = "import_shop shop.zip"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the ZIP")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = import_shop(options["file"], at=timezone.now())
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from error
        rows = sum(table["rows"] for table in manifest["tables"])
        if options["json"]:
            self.write_json({"shop": manifest["shop"], "rows": rows})
            return
        self.stdout.write(
            f"{manifest['shop']}: {rows} rows; ledger, sales, rewards and tiers prove right. "
            "Now `manage.py changepassword` for each of the staff."
        )
