"""What every management command has in common: its arguments, its files, its one-line errors."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError
from django.utils import timezone
from psycopg.errors import UndefinedTable

from loyalty.errors import DomainError

FIRST_YEAR, LAST_YEAR = 1990, 2200  # Beyond lie slips of the finger, and overflows.


class ProductCommand(BaseCommand):
    """
    A command whose refusals are one line and exit code 1: those of the rules, a database
    without tables, a database that does not answer. `example` is shown at the end of its help.
    """

    example = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        epilog = f"Example: manage.py {self.example}" if self.example else None
        return super().create_parser(prog_name, subcommand, epilog=epilog, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DomainError as error:
            raise CommandError(str(error)) from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
            raise CommandError(
                "The database has no tables yet: run `manage.py migrate` as the owner."
            ) from error
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) is not None:
                raise  # The server answered; only a failed connection has no such code.
            reason = str(error).partition("\n")[0]
            raise CommandError(f"The database of DATABASE_URL does not answer: {reason}") from error

    def write_json(self, document: Any) -> None:
        self.stdout.write(json.dumps(document, ensure_ascii=False))


class ProofCommand(ProductCommand):
    """A command that proves something: it says what it counted, and fails by naming the rows."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json(parser)

    def tell(
        self, counted: Mapping[str, int], problems: Iterable[object], *, rules: int, as_json: bool
    ) -> None:
        """Raises CommandError with the problems where there are any."""
        told = [str(problem) for problem in problems]
        if as_json:
            self.write_json({**counted, "problems": told})
        else:
            counts = (f"{count} {name}" for name, count in counted.items())
            self.stdout.write(", ".join([f"{rules} rules", *counts]))
        if told:
            raise CommandError("\n".join(told))


def add_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def add_at(parser: ArgumentParser, *, what: str = "act as of this moment") -> None:
    parser.add_argument(
        "--at",
        type=moment,
        metavar="MOMENT",
        help=f"{what}, such as 2026-11-22T12:00+07:00; now, if left out",
    )


def moment(text: str) -> datetime:
    """An argument that is a moment with its time zone (ISO 8601)."""
    expected = "a moment with its time zone is expected, such as 2026-11-22T12:00+07:00"
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: {expected}") from error
    if value.utcoffset() is None:
        raise ArgumentTypeError(f"{text!r}: {expected}")
    _check_year(value, text)
    return value


def day(text: str) -> date:
    """An argument that is a day (ISO 8601)."""
    try:
        value = date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: a day is expected, such as 2026-11-22") from error
    _check_year(value, text)
    return value


def positive(text: str) -> int:
    """An argument that is a whole number above 0."""
    if not (text.isascii() and text.isdigit() and int(text[:10]) > 0 and len(text) < 10):
        raise ArgumentTypeError(f"{text!r}: a whole number from 1 is expected")
    return int(text)


def now_or(at: datetime | None, *, ahead: timedelta = timedelta(0), why: str) -> datetime:
    """The moment asked for, or now. Raises CommandError with `why` when it is further `ahead`."""
    now = timezone.now()
    if at is not None and at > now + ahead:
        raise CommandError(f"--at={at.isoformat()} is too late: {why}.")
    return at or now


def read_document(path: Path) -> str:
    """The text of a UTF-8 file. Raises CommandError that names the file and what is wrong."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CommandError(f"{path}: there is no such file.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: this is not UTF-8; save the file as UTF-8.") from error
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from error


def _check_year(value: date, text: str) -> None:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ArgumentTypeError(f"{text!r}: the year must be from {FIRST_YEAR} to {LAST_YEAR}")
