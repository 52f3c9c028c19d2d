"""What all commands refuse alike: in one line, with what to do."""

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import OperationalError, ProgrammingError
from psycopg.errors import UndefinedTable

from loyalty.commands import ProductCommand, read_document

OURS = [
    (name, app)
    for name, app in sorted(get_commands().items())
    if app in {"campaigns", "rewards"} or str(app).startswith("loyalty.")
]


def run(*command: str) -> str:
    output = StringIO()
    call_command(*command, stdout=output)
    return output.getvalue()


def refusal(*command: str) -> str:
    with pytest.raises(CommandError) as error:
        run(*command)
    return str(error.value)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("expire_points", "--at"),
        ("run_journeys", "--at"),
        ("send_messages", "--at"),
        ("dump_programme", "--at"),
        ("load_programme=x.toml", "--effective-from"),
    ],
)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "2026-11-22T12:00",
            "a moment with its time zone is expected, such as 2026-11-22T12:00+07:00",
        ),
        ("noon", "a moment with its time zone is expected, such as 2026-11-22T12:00+07:00"),
        ("9999-12-31T23:59+00:00", "the year must be from 1990 to 2200"),
        ("0001-01-01T00:00+14:00", "the year must be from 1990 to 2200"),
    ],
)
def test_a_moment_is_whole_and_near(command, option, text, why):
    words = [*command.split("="), f"{option}={text}"]

    assert refusal(*words).endswith(f"argument {option}: {text!r}: {why}")


@pytest.mark.parametrize("text", ["-1", "0", "many", "9" * 30])
def test_a_limit_is_a_number_from_one(text):
    assert refusal("send_messages", f"--limit={text}").endswith(
        f"argument --limit: {text!r}: a whole number from 1 is expected"
    )


@pytest.mark.parametrize(
    ("command", "ahead", "why"),
    [
        ("expire_points", timedelta(minutes=5), "points are not over before their day"),
        ("run_journeys", timedelta(days=3), "messages are enqueued two days ahead at most"),
        ("send_messages", timedelta(days=3), "messages are sent two days ahead at most"),
    ],
)
def test_nothing_is_done_ahead_of_its_day(command, ahead, why):
    at = (datetime.now(UTC) + ahead).isoformat()

    assert refusal(command, f"--at={at}") == f"--at={at} is too late: {why}."


class Failing(ProductCommand):
    def __init__(self, error: Exception, cause: Exception) -> None:
        super().__init__()
        self.error, self.cause = error, cause

    def handle(self, *args: object, **options: object) -> None:
        raise self.error from self.cause


@pytest.mark.parametrize(
    ("error", "cause", "said"),
    [
        (
            ProgrammingError("relation"),
            UndefinedTable(),
            "The database has no tables yet: run `manage.py migrate` as the owner.",
        ),
        (
            OperationalError("connection refused\n\tIs the server running?"),
            psycopg.OperationalError(),
            "The database of DATABASE_URL does not answer: connection refused",
        ),
    ],
)
def test_a_database_that_is_not_there_is_one_line(error, cause, said):
    with pytest.raises(CommandError) as refused:
        call_command(Failing(error, cause), skip_checks=True)

    assert str(refused.value) == said


def test_other_errors_of_the_database_stay_what_they_are():
    with pytest.raises(ProgrammingError):
        call_command(Failing(ProgrammingError("typo"), psycopg.Error()), skip_checks=True)


def test_a_file_that_cannot_be_read_is_named_once(tmp_path):
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"name = '\xe9'")

    for path, why in [
        (tmp_path / "none.toml", "there is no such file."),
        (latin, "this is not UTF-8; save the file as UTF-8."),
        (tmp_path, "Is a directory."),
    ]:
        with pytest.raises(CommandError) as refused:
            read_document(path)
        assert str(refused.value) == f"{path}: {why}"


@pytest.mark.parametrize(("name", "app"), OURS)
def test_every_command_explains_every_argument_and_gives_an_example(name, app):
    command = load_command_class(str(app), name)
    assert isinstance(command, ProductCommand)

    parser: ArgumentParser = command.create_parser("manage.py", name)

    assert (parser.epilog or "").startswith(f"Example: manage.py {name}")
    assert [action.dest for action in parser._actions if not action.help] == []
    parser.format_help()
