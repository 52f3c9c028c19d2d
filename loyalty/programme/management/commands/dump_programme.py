from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty.errors import DomainError
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import in_force


class Command(BaseCommand):
    help = "Print the programme document in force, as it was loaded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", type=datetime.fromisoformat, help="in force at this moment (ISO 8601)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rules = in_force(options["at"] or timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
        document = ProgrammeVersion.objects.get(pk=rules.version_id).document
        self.stdout.write(document, ending="")
