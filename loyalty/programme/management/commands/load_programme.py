import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.errors import DomainError
from loyalty.programme.versions import publish


class Command(BaseCommand):
    help = "Check a programme document (TOML) and publish it as a new version of the rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the document")
        parser.add_argument(
            "--effective-from",
            type=datetime.fromisoformat,
            help="when it takes effect (ISO 8601, with zone); now, if left out",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            version = publish(
                document=options["file"].read_text(encoding="utf-8"),
                effective_from=options["effective_from"] or now,
                at=now,
                by=None,
            )
        except (OSError, UnicodeDecodeError, DomainError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        effective = version.effective_from.isoformat()
        if options["json"]:
            self.stdout.write(json.dumps({"number": version.number, "effective_from": effective}))
        else:
            self.stdout.write(f"version {version.number}, in effect from {effective}")
