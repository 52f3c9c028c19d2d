"""A report as people read it at a terminal."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.money import format_money
from loyalty.reports.names import group_name
from loyalty.reports.tables import Cell, Table

NOTHING = "–"


def text_of(table: Table, *, currency: str, tiers: Mapping[str, str]) -> str:
    """The days asked about, what is counted, and the figures in columns. `tiers`: names by key."""
    rows = _cohort_rows(table) if table.name == "cohorts" else _rows(table, currency, tiers)
    return "\n".join([_days(table), str(table.definition), "", *_aligned(rows), ""])


def _days(table: Table) -> str:
    if table.since is None:
        return _("All days up to %(last)s") % {"last": table.until}
    return _("From %(first)s to %(last)s") % {"first": table.since, "last": table.until}


def _rows(table: Table, currency: str, tiers: Mapping[str, str]) -> list[list[str]]:
    language = get_language() or "vi"

    def shown(key: str, cell: Cell) -> str:
        if key == "amount_minor" and isinstance(cell, int):
            return format_money(cell, currency=currency, language=language)
        if key == "group":
            return group_name(str(cell), tiers)
        return NOTHING if cell is None else str(cell)

    keys = [column.key for column in table.columns]
    return [
        [str(column.label) for column in table.columns],
        *([shown(key, cell) for key, cell in zip(keys, row, strict=True)] for row in table.rows),
    ]


def _cohort_rows(table: Table) -> list[list[str]]:
    """A row for each month of first purchases, a column for each month later, in percent."""
    months = [list(cells) for _month, cells in groupby(table.rows, key=itemgetter(0))]
    longest = max(map(len, months), default=0)
    first_month, _later, size, *_rest = (str(column.label) for column in table.columns)
    rows = [[first_month, size, *map(str, range(longest))]]
    for cells in months:
        month, _number, newcomers, *_others = cells[0]
        # A star: that month is not over, the figure may still grow.
        shares = [f"{percent}{'' if over else '*'}" for *_start, percent, over in cells]
        blank = [""] * (longest - len(cells))
        rows.append([str(month), str(newcomers), *shares, *blank])
    return rows


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
