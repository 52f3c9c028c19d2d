"""
Measures the services that a till waits for, beside what PostgreSQL could do at best and beside what
an ordinary Django service does. `make bench` starts a server for it; docs/performance.md explains.

    python scripts/stack.py bench --members 10000,100000,1000000
    python scripts/stack.py bench --only import --rows 10000,100000,1000000
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import databases, imports, jobs, printing
from benchmarks.contests import Arena, Entrant, Results
from benchmarks.databases import ROOT, Database
from benchmarks.jobs import Finding
from benchmarks.web import jobs as web

OF_LIMIT = {"purchase": 0.30, "redeem": 0.35}
RESULTS = ROOT / ".local" / "bench"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stack.py bench", description=__doc__)
    parser.add_argument("--members", default="10000,100000", help="sizes, with commas")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each turn")
    parser.add_argument("--deepest", type=int, default=10_000, help="open lots of one customer")
    parser.add_argument("--only", choices=("services", "http", "import"), help="a part of it")
    parser.add_argument("--rows", default="10000,100000", help="of imported files, with commas")
    parser.add_argument("--clients", type=int, default=8, help="who want one customer at once")
    return parser.parse_args()


class Bench:
    """The whole measurement, collecting rows and findings as it goes."""

    def __init__(
        self, arena: Arena, sizes: Sequence[Database], *, deepest: int, clients: int
    ) -> None:
        self.arena, self.sizes, self.deepest, self.clients = arena, sizes, deepest, clients
        self.results: Results = {}
        self.findings: list[Finding] = []

    def run_services(self) -> None:
        for job, of_limit in OF_LIMIT.items():
            found = self._contest(f"{job} by members", jobs.by_members(job, self.sizes))
            self.findings += jobs.findings_by_members(job, of_limit, found)
            found = self._contest(f"{job} by lots", jobs.by_lots(job, self.sizes[0], self.deepest))
            self.findings += jobs.findings_by_lots(job, found)
        found = self._contest(
            "redeem, one customer", jobs.hot("redeem", self.sizes[0], self.clients)
        )
        self.findings += jobs.findings_hot("redeem", found)

    def run_http(self) -> None:
        for database in self.sizes:
            found = self._contest("over HTTP", web.over_http(database))
            self.findings += web.findings(found)

    def _contest(self, name: str, entrants: Sequence[Entrant]) -> Results:
        print(f"{name} …", file=sys.stderr, flush=True)
        results = self.arena.contest(entrants)
        self.results |= results
        return results


def prove(database: Database) -> bool:
    """Whether the ledger is right after all that, by the product's own nightly proof."""
    env = os.environ | {"DATABASE_URL": database.app_url}
    command = [sys.executable, "manage.py", "verify_ledger"]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0


def measure(chosen: argparse.Namespace, sizes: Sequence[Database], results: Path) -> int:
    """Measure, prove, print and write; 1 when the ledger is wrong, whatever the speed."""
    with Arena(sizes[0].owner_url, rounds=chosen.rounds, seconds=chosen.seconds) as arena:
        bench = Bench(arena, sizes, deepest=chosen.deepest, clients=chosen.clients)
        if chosen.only != "http":
            bench.run_services()
        if chosen.only != "services":
            bench.run_http()
    return report(chosen, bench.results, bench.findings, sizes, results)


def measure_imports(chosen: argparse.Namespace, sizes: Sequence[int], results: Path) -> int:
    """The same for files that are brought in."""
    done = imports.run(sizes, rounds=chosen.rounds)
    return report(chosen, done.results, done.findings, done.measured, results)


def report(
    chosen: argparse.Namespace,
    measured: Results,
    findings: Sequence[Finding],
    proved: Sequence[Database],
    results: Path,
) -> int:
    """Print and write it; 1 when a ledger of these is wrong."""
    table = printing.rows(measured)
    printing.print_table(table)
    printing.print_findings(findings)
    is_right = all(list(map(prove, proved)))
    printing.write_json(
        results,
        settings=vars(chosen) | {"ledger_is_right": is_right},
        table=table,
        found=[finding.as_json() for finding in findings],
    )
    print(f"Written: {results}")
    return 0 if is_right else 1


def main() -> int:
    chosen = options()
    databases.make_empty()
    name = f"{datetime.now(tz=UTC):%Y%m%d-%H%M%S}.json"
    if chosen.only == "import":
        rows = sorted(int(size) for size in chosen.rows.split(","))
        return measure_imports(chosen, rows, RESULTS / name)
    sizes = []
    for members in sorted(int(size) for size in chosen.members.split(",")):
        print(f"{members:,} customers …", file=sys.stderr, flush=True)
        sizes.append(databases.make(members, deepest=chosen.deepest))
    return measure(chosen, sizes, RESULTS / name)


if __name__ == "__main__":
    sys.exit(main())
