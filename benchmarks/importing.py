"""
Brings one file of past sales into a shop that has none yet, in a process of its own, and says what
that took.

    python -m benchmarks.importing WHO FILE
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

import psycopg

from benchmarks import django_ready  # noqa: F401
from benchmarks.contenders.bulk import Loader
from benchmarks.servercpu import ServerClock
from loyalty.operations.first_run import Plan, set_up_shop
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import USUAL
from loyalty.purchases.imports.running import import_file

COSMETICS = Path(__file__).parents[1] / "loyalty" / "programme" / "starters" / "cosmetics.toml"
BLOCK = 1 << 16


@dataclass(frozen=True)
class Took:
    """What one import took."""

    rows: int
    wall_seconds: float
    client_seconds: float  # CPU, as the server's.
    server_seconds: float
    client_mb: float  # The most memory the process had.


def by_copy(path: Path) -> int:
    """The rows as they are, in a table without a key or an index: what no import can be below."""
    with psycopg.connect(os.environ["OWNER_DATABASE_URL"]) as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (customer bigint, day date, amount bigint)")
        with (
            path.open("rb") as stream,
            cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy,
        ):
            while block := stream.read(BLOCK):
                copy.write(block)
        return cursor.rowcount


def by_product(path: Path) -> int:
    at = datetime.now(tz=UTC)
    return import_file(Job(path=path, layout=USUAL, at=at, by=None)).purchases_added


def by_bulk(path: Path) -> int:
    return Loader(datetime.now(tz=UTC)).load(path)


WAYS: dict[str, Callable[[Path], int]] = {"copy": by_copy, "product": by_product, "bulk": by_bulk}


def set_up() -> None:
    """The shop that the sales come into."""
    plan = Plan(
        name="Bench",
        currency="VND",
        time_zone="Asia/Ho_Chi_Minh",
        branches={"bench": "Bench"},
        programme=COSMETICS.read_text(encoding="utf-8"),
    )
    set_up_shop(plan, at=datetime.now(tz=UTC))


def measure(who: str, path: Path) -> Took:
    """Bring the file in, that way."""
    clock = ServerClock(os.environ["OWNER_DATABASE_URL"])
    wall, client, server = perf_counter(), process_time(), clock.now()
    rows = WAYS[who](path)
    return Took(
        rows,
        perf_counter() - wall,
        process_time() - client,
        clock.now() - server,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


if __name__ == "__main__":
    set_up()
    print(json.dumps(asdict(measure(sys.argv[1], Path(sys.argv[2])))))
