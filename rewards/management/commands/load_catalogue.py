import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty.errors import DomainError
from rewards.catalogue import load


class Command(BaseCommand):
    help = "Make the rewards what a TOML document says; those it lacks are no longer offered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the document")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load(options["file"].read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, DomainError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(vars(loaded)))
        else:
            self.stdout.write(
                f"{loaded.added} rewards added, {loaded.changed} changed, {loaded.retired} retired"
            )
