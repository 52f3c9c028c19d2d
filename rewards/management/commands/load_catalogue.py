from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, add_json, read_document
from loyalty.errors import DomainError
from rewards.catalogue import load
from rewards.promises import broken_promises


class Command(ProductCommand):
    help = "Make the rewards what a TOML document says; those it lacks are no longer offered."
    example = "load_catalogue rewards.toml"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the document")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        document = read_document(options["file"])
        now = timezone.now()
        try:
            loaded = load(document, at=now, folder=options["file"].resolve().parent)
        except DomainError as error:
            raise CommandError(f"{options['file']}: {error}") from error
        notes = broken_promises(at=now)
        if options["json"]:
            self.write_json({**vars(loaded), "notes": notes})
        else:
            for note in notes:
                self.stderr.write(f"Note: {note}")
            self.stdout.write(
                f"rewards: {loaded.added} added, {loaded.changed} changed, {loaded.retired} retired"
            )
