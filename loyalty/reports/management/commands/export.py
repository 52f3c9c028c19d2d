from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, day
from loyalty.reports.exports.exporting import as_csv, write_xlsx
from loyalty.reports.exports.reading import Span
from loyalty.reports.exports.sheets import SHEETS


class Command(ProductCommand):
    help = (
        "Write a sheet of the shop's data as CSV or Excel, row by row however many there are. "
        "Who took it out is written down."
    )
    example = "export customers --output=customers.xlsx --format=xlsx"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=list(SHEETS), help="the sheet")
        parser.add_argument(
            "--format", choices=["csv", "xlsx"], default="csv", help="csv, unless told otherwise"
        )
        parser.add_argument("--from", dest="since", type=day, metavar="DAY", help="first day")
        parser.add_argument("--to", dest="until", type=day, metavar="DAY", help="last day")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="printed, if left out; needed for xlsx"
        )
        parser.add_argument(
            "--keys",
            action="store_true",
            help="English keys in the first row, the same for ever, for programs",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        span = Span(options["since"], options["until"])
        if span.since and span.until and span.since > span.until:
            raise CommandError(f"--from={span.since} is after --to={span.until}.")
        told = {"name": options["name"], "span": span, "keys": options["keys"]}
        output: Path | None = options["output"]
        if options["format"] == "xlsx" and output is None:
            raise CommandError("An Excel file cannot be printed: give --output.")
        try:
            self._write(output, options["format"], told | {"at": timezone.now(), "by": None})
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}.") from error

    def _write(self, output: Path | None, form: str, told: dict[str, Any]) -> None:
        if output is None:
            for part in as_csv(**told):
                self.stdout.write(part, ending="")
        elif form == "xlsx":
            with output.open("wb") as book:
                write_xlsx(book, **told)
        else:
            with output.open("w", encoding="utf-8", newline="") as text:
                text.writelines(as_csv(**told))
