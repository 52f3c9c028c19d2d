import json
from argparse import ArgumentParser
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, add_at, day
from loyalty.dates import local_date
from loyalty.reports.asking import one_moment
from loyalty.reports.tables import TABLES, Scope, Table, csv_text
from loyalty.shop.queries import get_shop


class Command(ProductCommand):
    help = "Answer one of the owner's questions. Reads only; days are the shop's, both inside."
    example = "report retention --from=2026-10-01 --to=2026-10-31"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=list(TABLES), help="the question")
        parser.add_argument("--from", dest="since", type=day, help="first day")
        parser.add_argument("--to", dest="until", type=day, help="last day")
        add_at(parser, what="ask as of this moment")
        parser.add_argument(
            "--format",
            choices=["text", "json", "csv"],
            default="text",
            help="text, unless told otherwise",
        )
        parser.add_argument(
            "--json", dest="format", action="store_const", const="json", help="--format json"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        moment = options["at"] or timezone.now()
        since, until = options["since"], options["until"]
        if since and until and since > until:
            raise CommandError("--from is after --to")
        with one_moment():
            scope = Scope(on=local_date(moment, get_shop().zone), since=since, until=until)
            table = TABLES[options["name"]](scope)
        write = {"json": _json, "csv": _csv, "text": _text}[options["format"]]
        self.stdout.write(write(table, scope), ending="")


def _json(table: Table, scope: Scope) -> str:
    keys = [column.key for column in table.columns]
    document = {
        "report": table.name,
        "on": scope.on,
        "from": scope.since,
        "to": scope.until,
        "definition": str(table.definition),
        "rows": [dict(zip(keys, row, strict=True)) for row in table.rows],
    }
    return json.dumps(document, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _plain(value: date | Decimal) -> str | float:
    # One decimal survives as a float; money and counts are integers and never come here.
    return value.isoformat() if isinstance(value, date) else float(value)


def _csv(table: Table, scope: Scope) -> str:
    return csv_text([column.key for column in table.columns], table.rows)


def _text(table: Table, scope: Scope) -> str:
    shown = [[column.key for column in table.columns]]
    shown += [["–" if cell is None else str(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in shown
    ]
    return "\n".join([str(table.definition), "", *lines, ""])
