import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.commands import ProductCommand, add_json
from loyalty.purchases.imports.progress import ProgressBar
from loyalty.purchases.imports.undoing import undo_import
from loyalty.purchases.models import ImportBatch


class Command(ProductCommand):
    help = "Take an import back: points, tiers and reports are as before. Safe to run twice."
    example = "undo_import 12"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the number import_purchases printed")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        batch = ImportBatch.objects.filter(pk=options["id"]).first()
        if batch is None:
            raise CommandError(_("There is no import of that number."))
        was_undone = batch.undone_at is not None
        bar = ProgressBar(sys.stderr)
        try:
            batch = undo_import(batch=batch, at=timezone.now(), by=None, report=bar)
        finally:
            bar.close()
        if options["json"]:
            told = {"import": batch.pk, "sales": batch.purchases_added, "was_undone": was_undone}
            self.write_json(told)
        elif was_undone:
            self.stdout.write(_("This import was undone before."))
        else:
            said = ngettext(
                "Import %(number)d of %(file)s is undone: %(n)d sale.",
                "Import %(number)d of %(file)s is undone: %(n)d sales.",
                batch.purchases_added,
            )
            words = {"number": batch.pk, "file": batch.file_name, "n": batch.purchases_added}
            self.stdout.write(said % words)
