"""Imports among others: one at a time, patient with tills, and clear when somebody was quicker."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, IntegrityError, connection
from psycopg.errors import UniqueViolation

from loyalty.errors import DomainError
from loyalty.sayings import said as _

_PATIENT = """
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '60s';
SET LOCAL plan_cache_mode = force_custom_plan;
SET LOCAL work_mem = '64MB';
SET LOCAL default_statistics_target = 10;  -- Enough for what is new.
"""
IMPORT_LOCK = 7_002  # Any number that no other advisory lock of ours uses.


class ImportRunning(DomainError):
    def __init__(self) -> None:
        super().__init__(_("Another import is running. Wait for its end, then run this again."))


class Interrupted(DomainError):
    def __init__(self) -> None:
        super().__init__(
            _("Somebody enrolled the same customer meanwhile. Nothing was imported; run it again.")
        )


class Overtaken(DomainError):
    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody recorded a sale of this file meanwhile. Run it again: it goes on from there."
            )
        )


@contextmanager
def interruptible(error: type[DomainError]) -> Iterator[None]:
    """Say it in words where somebody else was quicker."""
    try:
        yield
    except IntegrityError as refused:
        if isinstance(refused.__cause__, UniqueViolation):
            raise error from refused
        raise


@contextmanager
def alone() -> Iterator[None]:
    """Keep other imports away, through all transactions of this one. Raises ImportRunning."""
    if connection.in_atomic_block:
        be_alone()
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [IMPORT_LOCK])
        if not cursor.fetchone()[0]:
            raise ImportRunning
    try:
        yield
    finally:
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [IMPORT_LOCK])


def be_alone() -> None:
    """Keep other imports away until the transaction ends. Raises ImportRunning."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [IMPORT_LOCK])
        if not cursor.fetchone()[0]:
            raise ImportRunning
    be_patient()


def be_patient() -> None:
    """
    Let this transaction take its time, and wait for a till rather than give up; and let what it
    asks of thousands of customers be planned for thousands, not for the one whom a till serves, and
    be sorted in memory: one import runs at a time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PATIENT)


def be_usual() -> None:
    """
    Let what is still to come be planned as a till's is: foreign keys ask for one row at a time, of
    thousands of rows, when the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode TO DEFAULT")
