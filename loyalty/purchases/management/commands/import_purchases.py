from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.commands import ProductCommand, add_json
from loyalty.purchases.imports.arguments import add_file, asked
from loyalty.purchases.imports.difference import Difference
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.models import ImportBatch

COUNTS = (
    *("rows_read", "rows_refused", "rows_cancelled", "purchases_known", "purchases_added"),
    "refunds_added",
    *("customers_added", "points_added"),
)


class Command(ProductCommand):
    help = "Bring in a file of past sales. Safe to run twice: what is there is not added again."
    example = "import_purchases sales.csv --map=map.toml --dry-run"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file(parser, what="a row for each sale")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        difference = Difference(options["diff"])
        with asked(options, About.SALES) as job:
            batch = import_file(job, difference=difference)
        if options["json"]:
            counts = {name: getattr(batch, name) for name in COUNTS}
            number = None if options["dry_run"] else batch.pk
            said = {"dry_run": options["dry_run"], "read_as": str(job.file.form)}
            tiers = {"tiers_reached": dict(difference.tiers)}
            self.write_json({"import": number} | counts | tiers | said)
        else:
            self.stdout.write(_("Read as: %(form)s.") % {"form": job.file.form})
            self.stdout.write(_sentence(batch, dry_run=options["dry_run"]))
            if difference.tiers:
                reached = ", ".join(f"{key} {n}" for key, n in sorted(difference.tiers.items()))
                self.stdout.write(
                    _("Customers by the tier they reach: %(tiers)s") % {"tiers": reached}
                )
            if batch.purchases_added and not options["dry_run"]:
                self.stdout.write(_("To take it back: %(command)s") % {"command": _undo(batch)})
            if batch.rows_refused:
                listed = job.refusals().path
                words = _("The rows left out are listed in %(file)s")
                self.stdout.write(words % {"file": listed})


def _sentence(batch: ImportBatch, *, dry_run: bool) -> str:
    if batch.rows_read == 0:
        return _("The file has no rows.")
    counts = [
        ngettext("%(n)d row read", "%(n)d rows read", batch.rows_read) % {"n": batch.rows_read},
        _("%(n)d left out") % {"n": batch.rows_refused},
        _("%(n)d there already") % {"n": batch.purchases_known},
        _("%(n)d added") % {"n": batch.purchases_added},
        *_of_returns(batch),
        ngettext("%(n)d new customer", "%(n)d new customers", batch.customers_added)
        % {"n": batch.customers_added},
        ngettext("%(n)d point", "%(n)d points", batch.points_added) % {"n": batch.points_added},
    ]
    said = ", ".join(counts)
    return _("Dry run, nothing written: %(counts)s") % {"counts": said} if dry_run else said


def _of_returns(batch: ImportBatch) -> list[str]:
    """Said only of files that have any."""
    returns, cancelled = batch.refunds_added, batch.rows_cancelled
    given_back = ngettext("%(n)d return", "%(n)d returns", returns) % {"n": returns}
    left_out = ngettext("%(n)d cancelled sale", "%(n)d cancelled sales", cancelled)
    return [given_back] * bool(returns) + [left_out % {"n": cancelled}] * bool(cancelled)


def _undo(batch: ImportBatch) -> str:
    return f"manage.py undo_import {batch.pk}"
