from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, add_json
from loyalty.operations.moving.leaving import export_shop


class Command(ProductCommand):
    help = (
        "Write the whole shop into one ZIP of open formats, which import_shop brings into an empty "
        "installation and other programs can read. It holds personal data: keep it like a backup."
    )
    example = "export_shop shop.zip"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", type=Path, help="the ZIP to write; one that is there is replaced"
        )
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = export_shop(options["file"], at=timezone.now())
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from error
        if options["json"]:
            self.write_json(manifest)
            return
        rows = sum(table["rows"] for table in manifest["tables"])
        self.stdout.write(f"{options['file']}: {rows} rows of {len(manifest['tables'])} tables")
