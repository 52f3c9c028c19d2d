"""What the commands that read files have in common: the map, the limits, the progress."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from loyalty.commands import positive
from loyalty.purchases.imports.refused import USUAL_LIMITS, Limits


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


def limits_of(options: dict[str, Any]) -> Limits:
    """The limits that `add_file` asked for."""
    return Limits(options["max_mb"], options["max_rows"], options["max_minutes"])


def _limit(parser: ArgumentParser, name: str, usual: int, what: str) -> None:
    parser.add_argument(name, type=positive, default=usual, help=f"{what}; usually {usual}")
