"""What the commands that read files have in common: the map, the limits, the progress."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils import timezone

from loyalty.commands import positive
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.maps import layout_of
from loyalty.purchases.imports.progress import ProgressBar
from loyalty.purchases.imports.refused import USUAL_LIMITS, Limits
from loyalty.shop.models import User


def add_file(parser: ArgumentParser, *, what: str) -> None:
    """The file, its map, and how the run is to be."""
    parser.add_argument("file", type=Path, help=f"text or .xlsx with {what}")
    parser.add_argument(
        "--map",
        metavar="FILE|NAME",
        help="TOML that says which column is what, or the name of a ready one; see docs/import.md",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done only")
    parser.add_argument(
        "--skip-bad", action="store_true", help="leave out the rows that cannot be taken"
    )
    parser.add_argument(
        "--errors", type=Path, help="where to list these; usually FILE.errors.csv beside the file"
    )
    parser.add_argument(
        "--diff", type=Path, help="keep in this CSV file what changes, without names and phones"
    )
    _limit(parser, "--max-mb", USUAL_LIMITS.megabytes, "largest file, and largest unpacked .xlsx")
    _limit(parser, "--max-rows", USUAL_LIMITS.rows, "most rows")
    _limit(parser, "--max-minutes", USUAL_LIMITS.minutes, "longest time for reading the file")


@contextmanager
def asked(options: dict[str, Any], about: About, *, by: User | None = None) -> Iterator[Job]:
    """
    The job that the arguments of `add_file` describe, with a bar on the terminal while it is done.
    Raises UnknownMap, InvalidMap, CommandError for a map that cannot be read.
    """
    bar = ProgressBar(sys.stderr)
    job = Job(
        path=options["file"],
        layout=layout_of(options["map"], about, beside=options["file"]),
        at=timezone.now(),
        by=by,
        skip_bad=options["skip_bad"],
        dry_run=options["dry_run"],
        report=bar,
        limits=Limits(options["max_mb"], options["max_rows"], options["max_minutes"]),
        errors=options["errors"],
    )
    try:
        yield job
    finally:
        bar.close()


def _limit(parser: ArgumentParser, name: str, usual: int, what: str) -> None:
    parser.add_argument(name, type=positive, default=usual, help=f"{what}; usually {usual}")
