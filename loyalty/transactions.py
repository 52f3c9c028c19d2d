"""One transaction a service call, run again when PostgreSQL gave it up for another's sake."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import NotSupportedError, OperationalError, connection, transaction

from loyalty.statements import is_outdated

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 3
GIVEN_UP = frozenset({"40001", "40P01"})  # Serialization failure, deadlock.


def whole(service: Callable[P, R]) -> Callable[P, R]:
    """Run the service in one transaction, `repeated`."""
    return repeated(transaction.atomic(service))


def repeated(service: Callable[P, R]) -> Callable[P, R]:
    """
    Run a service that is one transaction, and all of it again, at most three times, when the
    database gave it up in favour of another one, or an upgrade replaced a function that it calls:
    nothing of the first try is left then. Inside a caller's transaction it is an ordinary part of
    that, for only the caller's can be repeated.
    """

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        tries = 1 if connection.in_atomic_block else TRIES
        for _try in range(tries - 1):
            try:
                return service(*args, **kwargs)
            except (OperationalError, NotSupportedError) as error:
                if not _was_given_up(error):
                    raise
        return service(*args, **kwargs)

    return run


def lock_event(source: str, reference: str) -> None:
    """
    Let one caller at a time handle this event, whichever customers it names, until the
    transaction ends. Comes before the lock of any account.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{source}/{reference}"]
        )


def lock_events(source: str, references: Collection[str]) -> None:
    """The same for many events of one source, in an order that all callers keep."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(event) FROM ("
            " SELECT DISTINCT hashtextextended(%s || '/' || reference, 0) AS event"
            " FROM unnest(%s::text[]) AS asked (reference) ORDER BY event) AS events",
            [source, list(references)],
        )


def _was_given_up(error: Exception) -> bool:
    state = getattr(error.__cause__, "sqlstate", None)
    return state in GIVEN_UP or is_outdated(error.__cause__)
