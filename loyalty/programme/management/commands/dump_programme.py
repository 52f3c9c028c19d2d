from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from loyalty.commands import ProductCommand, add_at
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import in_force


class Command(ProductCommand):
    help = "Print the programme document in force, as it was loaded."
    example = "dump_programme > rules.toml"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_at(parser, what="the document in force at this moment")

    def handle(self, *args: Any, **options: Any) -> None:
        rules = in_force(options["at"] or timezone.now())
        document = ProgrammeVersion.objects.get(pk=rules.version_id).document
        self.stdout.write(document, ending="")
