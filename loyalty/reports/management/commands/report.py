import json
from argparse import ArgumentParser
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from loyalty.commands import ProductCommand, add_at, day
from loyalty.dates import local_date
from loyalty.reports.asking import one_moment
from loyalty.reports.names import tier_names
from loyalty.reports.tables import TABLES, Scope, Table, csv_text
from loyalty.reports.text import text_of
from loyalty.shop.models import Shop
from loyalty.shop.queries import get_shop


class Command(ProductCommand):
    help = "Answer one of the owner's questions. Reads only; days are the shop's, both inside."
    example = "report retention --from=2026-10-01 --to=2026-10-31"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=list(TABLES), help="the question")
        parser.add_argument("--from", dest="since", type=day, metavar="DAY", help="first day")
        parser.add_argument("--to", dest="until", type=day, metavar="DAY", help="last day")
        add_at(parser, what="ask as of this moment")
        parser.add_argument(
            "--format", choices=["text", "json", "csv"], help="text, unless told otherwise"
        )
        parser.add_argument("--json", action="store_true", help="the same as --format=json")

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or timezone.now()
        write = WRITERS[_format(options)]
        with one_moment():
            shop = get_shop()
            scope = Scope(local_date(at, shop.zone), options["since"], options["until"])
            _check(options["name"], scope)
            table = TABLES[options["name"]](scope)
            text = write(table, scope, shop, at)
        self.stdout.write(text, ending="")


def _format(options: dict[str, Any]) -> str:
    chosen: str = options["format"] or ("json" if options["json"] else "text")
    if options["json"] and chosen != "json":
        raise CommandError(f"--json and --format={chosen} exclude each other.")
    return chosen


def _check(name: str, scope: Scope) -> None:
    if name == "months" and (scope.since or scope.until):
        raise CommandError(
            "report months is of the 24 newest months that are over: leave out --from and --to."
        )
    if scope.since and scope.since > scope.last:
        raise CommandError(f"--from={scope.since} is after the last day, {scope.last}.")


def _json(table: Table, scope: Scope, _shop: Shop, _at: datetime) -> str:
    keys = [column.key for column in table.columns]
    document = {
        "report": table.name,
        "on": scope.on,
        "from": table.since,
        "to": table.until,
        "definition": str(table.definition),
        "rows": [dict(zip(keys, row, strict=True)) for row in table.rows],
    }
    return json.dumps(document, default=_plain, ensure_ascii=False, indent=2) + "\n"


def _plain(value: date | Decimal) -> str | float:
    # One decimal survives as a float; money and counts are integers and never come here.
    return value.isoformat() if isinstance(value, date) else float(value)


def _csv(table: Table, _scope: Scope, _shop: Shop, _at: datetime) -> str:
    return csv_text([column.key for column in table.columns], table.rows)


def _text(table: Table, _scope: Scope, shop: Shop, at: datetime) -> str:
    return text_of(table, currency=shop.currency, tiers=tier_names(at))


WRITERS = {"json": _json, "csv": _csv, "text": _text}
