"""
Files of past sales coming into new shops: bare COPY, the product, and a careful `bulk_create` of the
same rows, one after the other, each in a process and a database of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import databases
from benchmarks.contests import PRODUCT, Entrant, Results
from benchmarks.databases import ROOT, Database
from benchmarks.jobs import Finding
from benchmarks.people import SALES_A_CUSTOMER
from benchmarks.readings import Reading, work_ratio
from benchmarks.sales_file import write_file

COPY, BULK = "copy", "bulk"
CONTENDERS = (COPY, PRODUCT, BULK)
MOST_AT_ONCE = 100_000  # Rows that `bulk_create` is tried with: it keeps all of them in memory.
TIMES_BULK, MEMORY = 10.0, 1.2


@dataclass
class Imports:
    """What was measured."""

    results: Results = field(default_factory=dict)
    megabytes: dict[int, float] = field(default_factory=dict)  # Of the product, by rows.
    findings: list[Finding] = field(default_factory=list)
    measured: list[Database] = field(default_factory=list)  # Each with what the product brought in.


def run(sizes: Sequence[int], *, rounds: int) -> Imports:
    """Measure files of so many rows each, so many times."""
    done = Imports()
    for rows in sizes:
        print(f"import of {rows:,} rows …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sales.csv"
            write_file(path, rows=rows, customers=rows // SALES_A_CUSTOMER)
            _contest(done, path, rows, rounds=rounds)
    smallest, largest = min(sizes), max(sizes)
    if smallest != largest:
        grown = done.megabytes[largest] / done.megabytes[smallest]
        what = f"import, memory, {largest:,} rows / {smallest:,}"
        done.findings.append(Finding(what, grown, MEMORY, at_most=True))
    return done


def _contest(done: Imports, path: Path, rows: int, *, rounds: int) -> None:
    contenders = [who for who in CONTENDERS if who != BULK or rows <= MOST_AT_ONCE]
    readings: dict[str, list[Reading]] = {who: [] for who in contenders}
    for _round in range(rounds):
        for who in contenders:
            database = databases.make_copy(f"bench_{who}", rows // SALES_A_CUSTOMER)
            took = _run_one(who, path, database)
            readings[who].append(
                Reading(
                    int(took["rows"]),
                    0,
                    took["wall_seconds"],
                    took["client_seconds"],
                    took["server_seconds"],
                )
            )
            if who == PRODUCT:
                done.megabytes[rows] = max(done.megabytes.get(rows, 0), took["client_mb"])
    for who in contenders:
        database = Database.named(f"bench_{who}", rows // SALES_A_CUSTOMER)
        note = f"{rows:,} rows"
        done.results[Entrant(who, "import", database, 1, 1, note=note)] = readings[who]
    done.measured = [Database.named(f"bench_{PRODUCT}", 0)]
    if BULK in readings:
        what = f"import, {rows:,} rows: times bulk_create"
        ratio = work_ratio(readings[PRODUCT], readings[BULK])
        done.findings.append(Finding(what, ratio, TIMES_BULK))


def _run_one(who: str, path: Path, database: Database) -> dict[str, float]:
    """One contender in a process of its own; what it took."""
    # Ready-made rows are their owner's to write; the product has its own role.
    url = database.app_url if who == PRODUCT else database.owner_url
    env = os.environ | {"DATABASE_URL": url, "OWNER_DATABASE_URL": database.owner_url}
    command = [sys.executable, "-m", "benchmarks.importing", who, str(path)]
    said = subprocess.run(command, check=True, cwd=ROOT, env=env, stdout=subprocess.PIPE).stdout
    took: dict[str, float] = json.loads(said)
    return took
