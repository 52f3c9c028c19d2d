from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from loyalty.commands import ProductCommand, add_json, moment, read_document
from loyalty.errors import DomainError
from loyalty.programme.cautions import cautions
from loyalty.programme.document import parse
from loyalty.programme.versions import publish
from rewards.promises import endless_coupons


class Command(ProductCommand):
    help = (
        "Check a programme document (TOML) and publish it as a new version of the rules; "
        "the document that is in force already changes nothing."
    )
    example = "load_programme rules.toml --effective-from=2026-12-01T00:00+07:00"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the document")
        parser.add_argument(
            "--effective-from",
            type=moment,
            metavar="MOMENT",
            help="when it takes effect, such as 2026-12-01T00:00+07:00; now, if left out",
        )
        parser.add_argument(
            "--backdate",
            action="store_true",
            help="allow a past --effective-from: sales of those days that are recorded from now "
            "on follow this version, those on record stay as they are",
        )
        add_json(parser)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        now, document = timezone.now(), read_document(options["file"])
        effective_from = options["effective_from"] or now
        try:
            version = publish(document=document, effective_from=effective_from, at=now, by=None)
        except DomainError as error:
            raise CommandError(f"{options['file']}: {error}") from error
        is_new, programme = version.created_at == now, parse(document)
        if is_new and version.number > 1 and effective_from < now and not options["backdate"]:
            raise CommandError(
                "--effective-from is in the past: give --backdate if sales of those days that "
                "are recorded from now on shall follow this version."
            )
        told = {
            "number": version.number,
            "effective_from": version.effective_from.isoformat(),
            "unchanged": not is_new,
            "cautions": cautions(programme) + endless_coupons(programme),
        }
        if options["json"]:
            self.write_json(told)
        else:
            self._say(told)

    def _say(self, told: dict[str, Any]) -> None:
        for caution in told["cautions"]:
            self.stderr.write(f"Note: {caution}")
        prefix = "unchanged: " if told["unchanged"] else ""
        self.stdout.write(
            f"{prefix}version {told['number']}, in effect from {told['effective_from']}"
        )
